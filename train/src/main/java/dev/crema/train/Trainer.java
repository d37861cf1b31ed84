package dev.crema.train;

import dev.crema.model.Model;
import dev.crema.train.Method.StepReport;
import dev.crema.train.metrics.Metrics;
import dev.crema.train.metrics.MetricsLog;
import dev.crema.train.run.Checkpoint;
import dev.crema.train.run.CheckpointStore;
import dev.crema.train.run.RunFolder;
import java.io.IOException;
import java.util.Map;
import java.util.function.Consumer;

/**
 * Trains a model by any {@link Method}: the loop, and all that surrounds it.
 *
 * <p>A step: the method collects gradients; they are clipped; the optimizer changes the fp32 masters at the schedule's
 * rate; the model gets them rounded; figures are logged. Every so often the model is measured and a checkpoint written.
 * A checkpoint holds all that the steps to come depend on, so a run killed at any moment goes on bit for bit.
 *
 * @param <M> the kind of model
 */
public final class Trainer<M extends Model> {
    private final TrainingPlan plan;
    private final Method<M> method;
    private final RunFolder run;
    private final Consumer<Metrics> progress;
    private final StopSignal stop;

    /**
     * @param progress sees the figures of each step
     * @param stop may end the run between two steps
     */
    public Trainer(TrainingPlan plan, Method<M> method, RunFolder run, Consumer<Metrics> progress, StopSignal stop) {
        this.plan = plan;
        this.method = method;
        this.run = run;
        this.progress = progress;
        this.stop = stop;
    }

    /** Why a run ended. */
    public enum End {
        DONE,
        EARLY_STOP,
        ASKED
    }

    /**
     * What a run came to.
     *
     * @param steps steps taken in all
     * @param tokens tokens seen in all
     * @param seconds of this process's part
     * @param tokensPerSecond of this process's part
     */
    public record Result(
            End end, long steps, long tokens, double seconds, double tokensPerSecond, Map<String, Double> evaluation) {}

    /** Trains the model in place, from the run's last checkpoint if it has one; the model ends at its best. */
    public Result train(M model) throws IOException {
        CheckpointStore store = run.checkpoints(plan.keep());
        try (MasterWeights masters = MasterWeights.of(model.weights());
                Optimizer optimizer = Optimizer.of(plan.optimizer(), masters)) {
            TrainingState state = resume(store, masters, optimizer);
            try (MetricsLog log = log(state)) {
                return new Loop(model, masters, optimizer, store, log, state).run();
            }
        }
    }

    private MetricsLog log(TrainingState state) throws IOException {
        return state.step() == 0 ? MetricsLog.create(run.path()) : MetricsLog.resume(run.path(), state.step());
    }

    private TrainingState resume(CheckpointStore store, MasterWeights masters, Optimizer optimizer) throws IOException {
        var latest = store.latest();
        if (latest.isEmpty()) return TrainingState.start();
        TrainingState state = TrainingState.read(latest.get().folder(), masters, optimizer);
        // A kill may have come after this checkpoint was written and before it was marked.
        if (state.bestIsHere()) store.markBest(latest.get());
        method.restore(state.method());
        return state;
    }

    private final class Loop {
        private final M model;
        private final MasterWeights masters;
        private final Optimizer optimizer;
        private final CheckpointStore store;
        private final MetricsLog log;
        private final SpikeGuard guard = new SpikeGuard();
        private final long firstTokens;
        private TrainingState state;
        private Map<String, Double> evaluation = Map.of();

        Loop(
                M model,
                MasterWeights masters,
                Optimizer optimizer,
                CheckpointStore store,
                MetricsLog log,
                TrainingState state) {
            this.model = model;
            this.masters = masters;
            this.optimizer = optimizer;
            this.store = store;
            this.log = log;
            this.state = state;
            this.firstTokens = state.tokens();
        }

        Result run() throws IOException {
            long begin = System.nanoTime();
            End end = End.DONE;
            boolean saved = state.step() > 0;
            while (state.step() < plan.steps()) {
                if (stop.asked()) {
                    end = End.ASKED;
                    break;
                }
                if (exhausted()) {
                    end = End.EARLY_STOP;
                    break;
                }
                step();
                saved = state.bestIsHere() || due(plan.checkpointEvery());
                if (saved) save();
            }
            if (!saved) save();
            double seconds = (System.nanoTime() - begin) / 1e9;
            if (end != End.ASKED && (takeBest() || evaluation.isEmpty())) evaluation = method.evaluate(model);
            long tokens = state.tokens() - firstTokens;
            return new Result(end, state.step(), state.tokens(), seconds, tokens / Math.max(seconds, 1e-9), evaluation);
        }

        private void step() throws IOException {
            long begin = System.nanoTime();
            StepReport report = method.accumulate(model, masters::collect, state.step());
            double norm = masters.clip(plan.clip());
            double scale = plan.schedule().at(state.step());
            if (guard.admits(state.step(), report.loss(), norm)) {
                optimizer.step(scale);
                report.taken().run();
            }
            masters.clearGradients();
            double seconds = (System.nanoTime() - begin) / 1e9;
            Metrics metrics = Metrics.at(state.step() + 1, state.tokens() + report.tokens())
                    .with("loss", report.loss())
                    .with("grad_norm", norm)
                    .with("learning_rate", plan.optimizer().rate() * scale);
            for (var entry : report.metrics().entrySet()) metrics = metrics.with(entry.getKey(), entry.getValue());
            metrics = metrics.with("tokens_per_s", report.tokens() / seconds);
            state = state.next(report.tokens(), method.state());
            if (due(plan.evaluateEvery()) || state.step() == plan.steps()) metrics = measure(metrics);
            // Before the checkpoint: a run that resumes from it finds the step in the log.
            log.log(metrics);
            progress.accept(metrics);
        }

        private Metrics measure(Metrics metrics) {
            evaluation = method.evaluate(model);
            Metrics measured = metrics;
            for (var entry : evaluation.entrySet()) measured = measured.with(entry.getKey(), entry.getValue());
            Double value = evaluation.get(plan.metric());
            if (value != null) state = state.measured(value, plan.higherIsBetter());
            return measured;
        }

        private boolean exhausted() {
            return plan.patience() > 0 && state.sinceBest() >= plan.patience();
        }

        private boolean due(long every) {
            return every > 0 && state.step() % every == 0;
        }

        private void save() throws IOException {
            Checkpoint written = store.write(state.step(), folder -> state.write(folder, masters, optimizer));
            if (state.bestIsHere()) store.markBest(written);
        }

        /** Returns whether the best weights are other than the last. */
        private boolean takeBest() throws IOException {
            var best = store.best();
            if (best.isEmpty() || best.get().step() == state.step()) return false;
            TrainingState.readWeights(best.get().folder(), masters);
            return true;
        }
    }
}
