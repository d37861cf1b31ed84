package dev.crema.train;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;

/** Starts a main method in a JVM of its own, with the class path and the flags of this one. */
final class ChildJvm {
    private ChildJvm() {}

    /**
     * Starts a process whose standard output the caller reads; its errors go to ours.
     *
     * @param flags more flags of the JVM; those that come later win
     */
    static Process start(List<String> flags, Class<?> main, String... arguments) throws IOException {
        List<String> command = new ArrayList<>();
        command.add(ProcessHandle.current().info().command().orElseThrow());
        for (String flag : ManagementFactory.getRuntimeMXBean().getInputArguments()) {
            if (!flag.startsWith("-javaagent") && !flag.startsWith("-agentlib")) command.add(flag);
        }
        command.add("-Dslf4j.internal.verbosity=ERROR");
        command.addAll(flags);
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), main.getName()));
        command.addAll(List.of(arguments));
        ProcessBuilder builder = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT);
        // For kernels as small as a test's, threads that spin for each other cost more than they bring.
        builder.environment().put("OMP_WAIT_POLICY", "PASSIVE");
        return builder.start();
    }
}
