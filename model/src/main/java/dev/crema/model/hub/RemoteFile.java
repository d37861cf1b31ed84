package dev.crema.model.hub;

import dev.crema.text.InputException;

/**
 * A file of a repository, as the hub tells of it.
 *
 * @param path its name, with folders, parted by slashes; not checked yet
 * @param size in bytes
 */
public record RemoteFile(String path, long size, ContentHash hash) {
    private static final long MAX_SIZE = 1L << 44;

    public RemoteFile {
        if (size < 0 || size > MAX_SIZE) {
            throw new InputException("the hub tells of a file of " + size + " bytes; it has 0 to " + MAX_SIZE);
        }
    }
}
