package dev.crema.data;

/** Says in short why a record cannot be read; the reader adds file, line and remedy. */
final class BadRecordException extends Exception {
    private static final long serialVersionUID = 1L;

    private final String reason;

    BadRecordException(String reason) {
        super(reason);
        this.reason = reason;
    }

    String reason() {
        return reason;
    }
}
