package dev.crema.cli;

import java.io.IOException;
import java.io.InputStream;
import java.util.Objects;
import java.util.Properties;
import picocli.CommandLine.IVersionProvider;

/** Tells the versions of Crema, of Java and of libtorch, without loading libtorch. */
final class Version implements IVersionProvider {
    @Override
    public String[] getVersion() throws IOException {
        Properties versions = new Properties();
        try (InputStream file = Version.class.getResourceAsStream("version.properties")) {
            versions.load(Objects.requireNonNull(file, "version.properties is part of the build"));
        }
        String torch = versions.getProperty("libtorch");
        return new String[] {
            "crema %s (Java %s, libtorch %s)"
                    .formatted(versions.getProperty("crema"), Runtime.version(), torch.substring(0, torch.indexOf('-')))
        };
    }
}
