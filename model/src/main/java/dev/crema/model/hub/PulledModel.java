package dev.crema.model.hub;

import java.nio.file.Path;
import java.util.List;

/**
 * What a pull came to.
 *
 * @param commit the revision that all files are of
 * @param bytes size of all files
 * @param fetched bytes that came over the network
 */
public record PulledModel(String repository, String commit, Path folder, List<File> files, long bytes, long fetched) {
    /** One file, with its hash, and whether it was there before. */
    public record File(String path, long bytes, ContentHash hash, boolean present) {}
}
