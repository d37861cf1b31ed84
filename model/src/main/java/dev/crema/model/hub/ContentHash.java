package dev.crema.model.hub;

import dev.crema.text.InputException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** What a hub tells of a file's content: the SHA-256 of large files, git's own hash of small ones. */
public record ContentHash(Kind kind, String hex) {
    /** How the hash is taken. */
    public enum Kind {
        SHA256("SHA-256", 64),
        /** SHA-1 of the word "blob", the size and the content, as git names its objects. */
        GIT_BLOB("SHA-1", 40);

        private final String algorithm;
        private final int digits;

        Kind(String algorithm, int digits) {
            this.algorithm = algorithm;
            this.digits = digits;
        }
    }

    public ContentHash {
        if (!hex.matches("[0-9a-f]{" + kind.digits + "}")) {
            throw new InputException(
                    "\"" + hex + "\" is no " + kind + ": it has " + kind.digits + " hexadecimal digits");
        }
    }

    /** Begins the hash of a file of {@code size} bytes. */
    MessageDigest begin(long size) {
        try {
            MessageDigest digest = MessageDigest.getInstance(kind.algorithm);
            if (kind == Kind.GIT_BLOB) digest.update(("blob " + size + "\0").getBytes(StandardCharsets.US_ASCII));
            return digest;
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has " + kind.algorithm, e);
        }
    }

    /** Tells whether a digest that has seen the whole file came to this hash; resets it. */
    boolean matches(MessageDigest digest) {
        return HexFormat.of().formatHex(digest.digest()).equals(hex);
    }
}
