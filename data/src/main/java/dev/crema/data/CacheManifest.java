package dev.crema.data;

import java.util.Map;

/**
 * What a token cache holds and how to know that it is whole.
 *
 * @param version the layout of the files
 * @param key the hash of everything that the tokens were made from
 * @param tokenizer the fingerprint of the tokenizer and its template
 * @param vocabularySize one more than the highest id
 * @param tokenBytes 2 or 4
 * @param documents how many documents
 * @param tokens how many tokens
 * @param lossTokens how many of them are to be predicted
 * @param emptyExamples examples left out because they have fewer than two tokens
 * @param skippedRecords records left out because they could not be read
 * @param files for each file its length and the checksum of its beginning and end
 */
record CacheManifest(
        int version,
        String key,
        String tokenizer,
        int vocabularySize,
        int tokenBytes,
        long documents,
        long tokens,
        long lossTokens,
        long emptyExamples,
        long skippedRecords,
        Map<String, FileSeal> files) {
    static final int VERSION = 1;
    static final String NAME = "manifest.json";
    static final String TOKENS = "tokens.bin";
    static final String MASK = "mask.bin";
    static final String INDEX = "index.bin";

    /** The length of a file and the CRC-32C of its first and last mebibyte. */
    record FileSeal(long bytes, String crc32c) {}
}
