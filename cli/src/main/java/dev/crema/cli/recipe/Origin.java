package dev.crema.cli.recipe;

/**
 * Says where a value was written.
 *
 * @param source a file's name or a command-line option
 * @param line the line in the file, from 1; 0 where lines mean nothing
 */
record Origin(String source, int line) {
    @Override
    public String toString() {
        return line == 0 ? source : source + ":" + line;
    }
}
