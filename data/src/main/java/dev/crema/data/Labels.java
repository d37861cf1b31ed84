package dev.crema.data;

/** Names documents in a cursor's label. */
final class Labels {
    private Labels() {}

    static String of(Documents documents) {
        String key = documents.cache().key();
        return key.substring(0, Math.min(16, key.length())) + " (" + documents.count() + " documents, "
                + documents.predictions() + " predictions from token " + documents.firstToken(0) + ")";
    }
}
