package dev.crema.cli.recipe;

import java.nio.file.Path;
import java.time.Duration;

/** Says what became of a stage. */
public sealed interface StageEvent {
    /** Returns the stage's name. */
    String stage();

    /** The stage's output is there already, made from the same settings and inputs; {@code time} is what it took then. */
    record Reused(String stage, String kind, Path folder, Duration time) implements StageEvent {}

    /** The stage begins to run, and why: {@code it is new}, {@code its settings or inputs changed}. */
    record Started(String stage, String kind, Path folder, String reason) implements StageEvent {}

    /** The stage has come so far, in units such as {@code steps}; {@code figures} says how it fares. */
    record Progress(String stage, long done, long total, String unit, String figures) implements StageEvent {}

    /** The stage was asked to stop; what it has done is saved, and it goes on from there when it is run again. */
    record Stopped(String stage, long done, long total, String unit) implements StageEvent {}

    /** The stage has run and its output is whole. */
    record Finished(String stage, String kind, Path folder, Duration time) implements StageEvent {}
}
