package dev.crema.model.hub;

import dev.crema.text.InputException;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.Supplier;

/** Brings a list of files to a folder: looks at what is there, asks for room, fetches the rest. */
final class Pull {
    /** Where files grow, inside the folder so that a rename ends it. */
    private static final String PARTS = ".pull";

    private static final long RESERVE = 64L << 20;

    private final HubClient client;
    private final RepositoryName repository;
    private final String commit;
    private final List<RemoteFile> files;
    private final Path folder;
    private final Supplier<Retry> retries;
    private final PullListener listener;

    Pull(
            HubClient client,
            RepositoryName repository,
            String commit,
            List<RemoteFile> files,
            Path folder,
            Supplier<Retry> retries,
            PullListener listener) {
        this.client = client;
        this.repository = repository;
        this.commit = commit;
        this.files = files;
        this.folder = folder.toAbsolutePath();
        this.retries = retries;
        this.listener = listener;
    }

    PulledModel run() throws IOException {
        if (Files.exists(folder) && !Files.isDirectory(folder)) {
            throw new InputException(folder + " is a file; name a folder with --out");
        }
        checkOtherWeights();
        Set<RemoteFile> present = new LinkedHashSet<>();
        long bytes = 0, done = 0, partial = 0;
        for (RemoteFile file : files) {
            bytes += file.size();
            if (isPresent(file)) {
                present.add(file);
                done += file.size();
            } else {
                partial += Math.min(file.size(), size(part(file)));
            }
        }
        checkRoom(bytes - done - partial);
        Files.createDirectories(folder.resolve(PARTS));
        listener.starts(bytes, done + partial);
        long fetched = bytes - done - partial;
        for (RemoteFile file : files) {
            if (present.contains(file)) continue;
            long before = done;
            Download.run(
                    client,
                    address(file),
                    file,
                    part(file),
                    folder.resolve(file.path()),
                    retries.get(),
                    at -> listener.at(before + at, file.path()));
            done += file.size();
        }
        removeParts();
        return new PulledModel(repository.toString(), commit, folder, found(present), bytes, fetched);
    }

    /** Loading prefers the single file: beside new shards, an old one would be taken for the model. */
    private void checkOtherWeights() {
        boolean sharded = files.stream().anyMatch(file -> file.path().equals(Selection.INDEX));
        if (sharded && Files.exists(folder.resolve(Selection.SINGLE))) {
            throw new InputException(folder + " holds the " + Selection.SINGLE + " of another model, while "
                    + repository + " comes in shards: remove it, or name another folder with --out");
        }
    }

    private List<PulledModel.File> found(Set<RemoteFile> present) {
        List<PulledModel.File> found = new ArrayList<>();
        for (RemoteFile file : files) {
            found.add(new PulledModel.File(file.path(), file.size(), file.hash(), present.contains(file)));
        }
        return found;
    }

    private Path part(RemoteFile file) {
        return folder.resolve(PARTS).resolve(file.hash().hex() + ".part");
    }

    private URI address(RemoteFile file) {
        return URI.create(
                client.endpoint() + "/" + repository + "/resolve/" + commit + "/" + Hub.encodedPath(file.path()));
    }

    private boolean isPresent(RemoteFile file) throws IOException {
        Path path = folder.resolve(file.path());
        if (!Files.isRegularFile(path) || Files.size(path) != file.size()) return false;
        MessageDigest digest = file.hash().begin(file.size());
        byte[] buffer = new byte[1 << 18];
        try (InputStream in = Files.newInputStream(path)) {
            for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) digest.update(buffer, 0, n);
        }
        return file.hash().matches(digest);
    }

    private static long size(Path file) throws IOException {
        try {
            return Files.size(file);
        } catch (NoSuchFileException e) {
            return 0;
        }
    }

    private void checkRoom(long needed) throws IOException {
        Path there = folder;
        for (Path at = folder; at != null && !Files.exists(there); at = at.getParent()) there = at;
        long free = Files.getFileStore(there).getUsableSpace();
        if (needed > 0 && needed + RESERVE > free) {
            throw new InputException(String.format(
                    Locale.ROOT,
                    "%s needs %,d bytes more at %s, where %,d are free: make room, or name another place with --out",
                    repository,
                    needed + RESERVE,
                    folder,
                    free));
        }
    }

    /** Parts of other files are left alone: they belong to a pull of another revision that may go on. */
    private void removeParts() throws IOException {
        try {
            Files.deleteIfExists(folder.resolve(PARTS));
        } catch (DirectoryNotEmptyException e) {
            // as the comment above says
        }
    }
}
