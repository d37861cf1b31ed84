package dev.crema.text;

/**
 * Reports input from outside (a file, a recipe, a request) that cannot be used.
 *
 * <p>The message is one line that names the value, the limit and the remedy; the command line prints it alone, without a
 * stack trace.
 */
public final class InputException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public InputException(String message) {
        super(message);
    }

    public InputException(String message, Throwable cause) {
        super(message, cause);
    }
}
