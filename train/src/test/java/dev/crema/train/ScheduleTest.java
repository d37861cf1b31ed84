package dev.crema.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.crema.train.Schedule.Constant;
import dev.crema.train.Schedule.Cosine;
import dev.crema.train.Schedule.Decay;
import dev.crema.train.Schedule.Linear;
import dev.crema.train.Schedule.WarmupStableDecay;
import org.junit.jupiter.api.Test;

class ScheduleTest {
    @Test
    void constantRisesThenStays() {
        var schedule = new Constant(4);
        assertThat(schedule.at(0)).isEqualTo(0.25);
        assertThat(schedule.at(3)).isOne();
        assertThat(schedule.at(4)).isOne();
        assertThat(schedule.at(1_000_000)).isOne();
        assertThat(new Constant(0).at(0)).isOne();
    }

    @Test
    void linearFallsToItsRatioAndHolds() {
        var schedule = new Linear(10, 110, 0.1);
        assertThat(schedule.at(4)).isEqualTo(0.5);
        assertThat(schedule.at(10)).isOne();
        assertThat(schedule.at(60)).isEqualTo(0.55, within(1e-12));
        assertThat(schedule.at(110)).isEqualTo(0.1);
        assertThat(schedule.at(500)).isEqualTo(0.1);
    }

    @Test
    void cosineIsHalfWayAtTheMiddle() {
        var schedule = new Cosine(0, 100, 0);
        assertThat(schedule.at(0)).isOne();
        assertThat(schedule.at(50)).isEqualTo(0.5, within(1e-12));
        assertThat(schedule.at(100)).isZero();
        // It does not come up again as a cosine would.
        assertThat(schedule.at(150)).isZero();
    }

    @Test
    void warmupStableDecayHasThreeParts() {
        var schedule = new WarmupStableDecay(10, 100, 20, 0, Decay.LINEAR);
        assertThat(schedule.at(4)).isEqualTo(0.5);
        assertThat(schedule.at(10)).isOne();
        assertThat(schedule.at(80)).isOne();
        assertThat(schedule.at(90)).isEqualTo(0.5);
        assertThat(schedule.at(100)).isZero();
        var root = new WarmupStableDecay(10, 100, 20, 0, Decay.ONE_MINUS_SQRT);
        assertThat(root.at(85)).isEqualTo(0.5, within(1e-12));
        assertThat(WarmupStableDecay.ofFraction(10, 100, 0.2, 0, Decay.LINEAR)).isEqualTo(schedule);
    }

    @Test
    void staysWithinZeroAndOneAtEveryStep() {
        for (Decay shape : Decay.values()) {
            var schedule = new WarmupStableDecay(3, 50, 47, 0.2, shape);
            for (int step = 3; step < 60; step++) {
                assertThat(schedule.at(step)).isBetween(0.2, 1.0).isGreaterThanOrEqualTo(schedule.at(step + 1));
            }
        }
    }

    @Test
    void namesTheValueAndItsLimits() {
        assertThatThrownBy(() -> new Cosine(20, 10, 0)).hasMessage("warmup must be from 0 to total = 10, is 20");
        assertThatThrownBy(() -> new Linear(0, 0, 0)).hasMessage("total must be 1 or more, is 0");
        assertThatThrownBy(() -> new Linear(0, 5, Double.NaN)).hasMessage("minRatio must be from 0 to 1, is NaN");
        assertThatThrownBy(() -> new WarmupStableDecay(10, 100, 91, 0, Decay.COSINE))
                .hasMessage("decay must be from 0 to total - warmup = 90, is 91");
        assertThatThrownBy(() -> new Constant(-1)).hasMessage("warmup must be 0 or more, is -1");
    }
}
