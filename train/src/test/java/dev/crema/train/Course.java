package dev.crema.train;

import static org.assertj.core.api.Assertions.assertThat;

import dev.crema.model.Decoder;
import java.io.IOException;
import java.nio.file.Path;

/** What a run logged and where it ended. */
record Course(double[] losses, double[] norms, double[] validation, float[] weights) {
    static Course of(Path run, Decoder model) throws IOException {
        return new Course(
                Toy.logged(run, "loss"), Toy.logged(run, "grad_norm"), Toy.logged(run, "val_loss"), Toy.weights(model));
    }

    void isExactly(Course other) {
        assertThat(losses).as("losses").containsExactly(other.losses);
        assertThat(norms).as("norms").containsExactly(other.norms);
        assertThat(validation).as("validation losses").containsExactly(other.validation);
        assertThat(weights).as("weights").containsExactly(other.weights);
    }
}
