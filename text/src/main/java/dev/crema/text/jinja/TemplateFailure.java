package dev.crema.text.jinja;

/** Says what a template did wrong; {@link Template} turns it into an InputException that names the line. */
final class TemplateFailure extends RuntimeException {
    private static final long serialVersionUID = 1L;

    TemplateFailure(String message) {
        super(message, null, false, false);
    }
}
