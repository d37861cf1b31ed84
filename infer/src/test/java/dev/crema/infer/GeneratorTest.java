package dev.crema.infer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.crema.infer.Completion.FinishReason;
import dev.crema.model.Decoder;
import dev.crema.model.Visibility;
import dev.crema.tensor.Autograd;
import dev.crema.tensor.Scope;
import dev.crema.tensor.Tensor;
import dev.crema.tensor.Tensors;
import dev.crema.text.InputException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class GeneratorTest {
    private static final List<int[]> PROMPTS = List.of(
            new int[] {3, 14, 15, 9, 2, 6}, new int[] {5}, new int[] {58, 9, 7, 9, 3, 2, 3, 8, 4}, new int[] {27, 18});

    static Stream<Sampling> samplings() {
        return Stream.of(Sampling.greedy(), Sampling.at(1), new Sampling(1.2, 20, 0.95, 0.01, 1.3));
    }

    @ParameterizedTest
    @MethodSource("samplings")
    void aSequenceIsTheSameInABatchAndByItself(Sampling sampling) {
        for (Decoder each : List.of(TinyModel.rotary(), TinyModel.learned(), TinyModel.longRope())) {
            try (Decoder model = each) {
                // Some sequences meet a stop token early, so the batch is packed on the way.
                GenerationOptions options = new GenerationOptions(25, sampling, Set.of(0, 1, 2, 3, 4), 42);
                int samples = 3;
                List<Completion> batch = new Generator(model)
                        .generate(PROMPTS, samples, options, TokenListener.NONE)
                        .completions();
                assertThat(batch).hasSize(PROMPTS.size() * samples);
                for (int i = 0; i < batch.size(); i++) {
                    int[] prompt = PROMPTS.get(i / samples);
                    Sequence alone = new Sequence(i, i / samples, prompt, TinyModel.CONTEXT, options);
                    recompute(model, prompt, alone);
                    assertThat(batch.get(i).prompt()).isEqualTo(i / samples);
                    assertThat(batch.get(i).ids())
                            .as("sequence %d", i)
                            .isEqualTo(alone.completion().ids());
                    assertThat(batch.get(i).finishReason())
                            .isEqualTo(alone.completion().finishReason());
                    assertThat(batch.get(i).logProbabilities())
                            .containsExactly(
                                    alone.completion().logProbabilities(), org.assertj.core.data.Offset.offset(1e-3f));
                }
                assertThat(batch.stream().map(Completion::finishReason)).contains(FinishReason.STOP);
            }
        }
    }

    /** Writes a sequence without a cache: every token runs the whole of what is before it. */
    private static void recompute(Decoder model, int[] prompt, Sequence sequence) {
        int[] all = prompt;
        while (sequence.take(lastLogits(model, all), TokenListener.NONE)) {
            all = Arrays.copyOf(all, all.length + 1);
            all[all.length - 1] = sequence.lastToken();
        }
    }

    private static float[] lastLogits(Decoder model, int[] ids) {
        try (Scope scope = Scope.open();
                var off = Autograd.off()) {
            Tensor input = Tensors.of(ids, 1, ids.length);
            Tensor hidden = model.hiddenStates(input, model.positions(1, ids.length), new Visibility.Causal());
            return model.logits(hidden.narrow(1, ids.length - 1, 1)).toFloats();
        }
    }

    @Test
    void fillsTheContextOfEachSequenceToItsEnd() {
        try (Decoder model = TinyModel.learned()) {
            GenerationOptions options = new GenerationOptions(1000, Sampling.at(1), Set.of(), 1);
            List<Completion> completions = new Generator(model)
                    .generate(PROMPTS, 1, options, TokenListener.NONE)
                    .completions();
            for (int i = 0; i < PROMPTS.size(); i++) {
                assertThat(completions.get(i).ids()).hasSize(TinyModel.CONTEXT - PROMPTS.get(i).length);
                assertThat(completions.get(i).finishReason()).isEqualTo(FinishReason.LENGTH);
            }
        }
    }

    @Test
    void aListenerSeesEachTokenAndEndsASequence() {
        try (Decoder model = TinyModel.rotary()) {
            List<List<Integer>> seen = new ArrayList<>();
            PROMPTS.forEach(prompt -> seen.add(new ArrayList<>()));
            GenerationOptions options = new GenerationOptions(12, Sampling.at(1), Set.of(), 1);
            List<Completion> completions = new Generator(model)
                    .generate(PROMPTS, 1, options, (sequence, token) -> {
                        seen.get(sequence).add(token);
                        return seen.get(sequence).size() < 3 * (sequence + 1);
                    })
                    .completions();
            for (int i = 0; i < PROMPTS.size(); i++) {
                assertThat(completions.get(i).ids()).hasSize(3 * (i + 1));
                assertThat(Arrays.stream(completions.get(i).ids()).boxed()).isEqualTo(seen.get(i));
            }
        }
    }

    @Test
    void aSessionGivesWhatAnEmptyCacheGives() {
        for (Decoder each : List.of(TinyModel.rotary(), TinyModel.longRope())) {
            try (Decoder model = each;
                    Session session = new Session(model)) {
                continueInTurn(model, session);
            }
        }
    }

    private static void continueInTurn(Decoder model, Session session) {
        GenerationOptions options = new GenerationOptions(8, Sampling.greedy(), Set.of(), 1);
        int[] first = {3, 14, 15, 9, 2, 6};
        int[] answer = session.complete(first, options, TokenListener.NONE)
                .completions()
                .getFirst()
                .ids();
        int[] longer = Arrays.copyOf(first, first.length + answer.length + 2);
        System.arraycopy(answer, 0, longer, first.length, answer.length);
        for (int[] prompt : List.of(longer, first, new int[] {3, 14, 1}, new int[] {60}, longer)) {
            Generator.Result again = session.complete(prompt, options, TokenListener.NONE);
            int[] fresh = new Generator(model)
                    .generate(List.of(prompt), 1, options, TokenListener.NONE)
                    .completions()
                    .getFirst()
                    .ids();
            assertThat(again.completions().getFirst().ids()).isEqualTo(fresh);
        }
        assertThat(session.complete(longer, options, TokenListener.NONE).promptTokens())
                .isEqualTo(1);
    }

    @Test
    void refusesPromptsThatTheModelCannotTake() {
        try (Decoder model = TinyModel.rotary()) {
            Generator generator = new Generator(model);
            GenerationOptions options = new GenerationOptions(1, Sampling.greedy(), Set.of(), 1);
            for (int[] prompt : List.of(new int[0], new int[] {61}, new int[] {-1}, new int[TinyModel.CONTEXT])) {
                assertThatThrownBy(() -> generator.generate(List.of(prompt), 1, options, TokenListener.NONE))
                        .isInstanceOf(InputException.class);
            }
        }
    }
}
