package dev.crema.model.hub;

import dev.crema.text.InputException;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Decides which names of a hub's files may become names on this disk: those that stay in the folder and mean the same
 * file on every system.
 */
final class SafeNames {
    private static final int MOST_BYTES = 200, MOST_FOLDERS = 8;
    private static final Pattern FORBIDDEN =
            Pattern.compile("[\\\\:*?\"<>|]|\\p{Cc}|\\p{Cf}|\\p{Cs}|[\\u2028\\u2029\\uFFFD]");
    private static final Pattern RESERVED = Pattern.compile("(?i)(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])( *\\..*)?");

    private SafeNames() {}

    /**
     * Checks the names that are to be written, alone and together.
     *
     * @throws InputException if one could leave the folder, is reserved somewhere, or two would be one file
     */
    static void check(List<RemoteFile> files) {
        Set<String> names = new HashSet<>(), folders = new HashSet<>();
        for (RemoteFile file : files) {
            check(file.path());
            String folded = file.path().toLowerCase(Locale.ROOT);
            if (!names.add(folded))
                throw refused(file.path(), "another differs from it at most in upper and lower case");
            for (int i = folded.indexOf('/'); i >= 0; i = folded.indexOf('/', i + 1))
                folders.add(folded.substring(0, i));
        }
        for (RemoteFile file : files) {
            if (folders.contains(file.path().toLowerCase(Locale.ROOT))) {
                throw refused(file.path(), "another has it for a folder");
            }
        }
    }

    private static void check(String path) {
        String[] parts = path.split("/", -1);
        if (parts.length > MOST_FOLDERS) throw refused(path, "it lies more than " + MOST_FOLDERS + " folders deep");
        for (String part : parts) {
            if (part.isEmpty()) throw refused(path, "it is absolute or has an empty part");
            if (part.startsWith(".")) throw refused(path, "a part of it begins with a dot");
            if (part.endsWith(".") || part.isBlank() || !part.equals(part.strip())) {
                throw refused(path, "a part of it ends in a dot, or begins or ends in a space");
            }
            if (FORBIDDEN.matcher(part).find()) throw refused(path, "it holds a character that file names do not have");
            if (RESERVED.matcher(part).matches()) throw refused(path, "Windows reserves it");
            if (part.getBytes(StandardCharsets.UTF_8).length > MOST_BYTES) {
                throw refused(path, "a part of it has more than " + MOST_BYTES + " bytes");
            }
        }
    }

    private static InputException refused(String path, String why) {
        return new InputException("the hub's file name \"" + shown(path) + "\" is not safe: " + why);
    }

    /** Returns a name with what would disturb a terminal replaced, and not too long. */
    static String shown(String path) {
        String plain = path.replaceAll("\\p{C}", "?");
        return plain.length() <= 100 ? plain : plain.substring(0, 100) + "...";
    }
}
