package dev.crema.data.arithmetic;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.crema.data.Example.Chat;
import dev.crema.data.Example.Problem;
import dev.crema.data.ExampleReader;
import dev.crema.text.InputException;
import dev.crema.text.Message;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class ArithmeticCorpusTest {
    private static final int DOCUMENTS = 20_000;
    private static final Pattern EQUATION = Pattern.compile("(\\d+)([+-])(\\d+)=(\\d+)");
    private static final List<String> CORPUS = LongStream.range(0, DOCUMENTS)
            .mapToObj(new ArithmeticCorpus(CorpusMixture.DEFAULT, 1, DOCUMENTS)::document)
            .toList();

    /** Tells the kind of a document by its look. */
    private static String kind(String document) {
        if (document.contains("<think></think>")) {
            return "tagged guess";
        }
        if (document.contains("<think>")) {
            return "tagged reasoning";
        }
        if (document.lines().allMatch(line -> EQUATION.matcher(line).matches())) {
            return "facts";
        }
        if (!document.contains("\n")) {
            return "sentence";
        }
        return document.lines().count() == 2 ? "direct" : "untagged reasoning";
    }

    private static String question(String document) {
        return document.substring(0, document.indexOf('\n'));
    }

    private static List<String> withQuestion() {
        return CORPUS.stream()
                .filter(document ->
                        !kind(document).equals("facts") && !kind(document).equals("sentence"))
                .toList();
    }

    @Test
    void noDocumentHoldsAProblemThatIsHeldOut() {
        Set<String> keys = new HashSet<>();
        for (String document : withQuestion()) {
            String key = QuestionParser.key(question(document));
            assertThat(Split.ofKey(key)).as(document).isEqualTo(Split.TRAIN);
            keys.add(key);
        }
        assertThat(keys).hasSizeGreaterThan(14_000);
        assertThat(ProblemSet.test())
                .noneMatch(held -> keys.contains(held.calculation().key()));
    }

    @Test
    void noReasoningHoldsTheStepsOfAProblemThatIsHeldOut() {
        for (String document : withQuestion()) {
            List<Matcher> equations = equations(document);
            if (equations.size() >= 2) {
                StringBuilder key = new StringBuilder(equations.getFirst().group(1));
                equations.forEach(equation -> key.append(equation.group(2)).append(equation.group(3)));
                assertThat(Split.ofKey(key.toString())).as(document).isEqualTo(Split.TRAIN);
            }
        }
    }

    @Test
    void noFactGoesOnFromTheOneBefore() {
        for (String document : CORPUS) {
            if (!kind(document).equals("facts")) continue;
            List<Matcher> facts = equations(document);
            for (int i = 1; i < facts.size(); i++) {
                assertThat(facts.get(i).group(1))
                        .as(document)
                        .isNotEqualTo(facts.get(i - 1).group(4));
            }
        }
    }

    @Test
    void theSidesShareNoProblemAndHaveTheirSizes() {
        Map<Split, Set<String>> keys = new EnumMap<>(Split.class);
        SplittableRandom random = new SplittableRandom(4);
        for (Split split : Split.values()) {
            Set<String> side = new HashSet<>();
            for (int i = 0; i < 5000; i++) {
                side.add(Calculation.draw(random, split).key());
            }
            keys.put(split, side);
        }
        assertThat(Collections.disjoint(keys.get(Split.TRAIN), keys.get(Split.DEV)))
                .isTrue();
        assertThat(Collections.disjoint(keys.get(Split.TRAIN), keys.get(Split.TEST)))
                .isTrue();
        assertThat(Collections.disjoint(keys.get(Split.DEV), keys.get(Split.TEST)))
                .isTrue();
        long test = IntStream.range(0, 100_000)
                .filter(i -> Split.ofKey(i + "+7-3") == Split.TEST)
                .count();
        assertThat(test / 100_000.0).isCloseTo(0.05, within(0.003));
    }

    @Test
    void theTestIsFiveHundredProblemsNoTwoAlike() {
        List<Question> test = ProblemSet.test();
        assertThat(test).hasSize(500);
        assertThat(test.stream().map(question -> question.calculation().key()).distinct())
                .hasSize(500);
        assertThat(test).allMatch(question -> Split.of(question.calculation()) == Split.TEST);
        assertThat(test).isEqualTo(ProblemSet.test());
        assertThat(test.stream()
                        .filter(question -> question.language() == Language.CHINESE)
                        .count())
                .isBetween(240L, 260L);
    }

    @Test
    void wordingsTellTheCalculationWhateverTheScene() {
        for (Split split : Split.values()) {
            for (int i = 0; i < 3000; i++) {
                Question question = new ProblemSet(split, 8).question(i);
                assertThat(QuestionParser.key(question.text()))
                        .as(question.text())
                        .isEqualTo(question.calculation().key());
                assertThat(question.text()).doesNotContain("{").doesNotContain("}");
            }
        }
    }

    @Test
    void documentsComeInTheirShares() {
        Map<String, Integer> counts = new TreeMap<>();
        CORPUS.forEach(document -> counts.merge(kind(document), 1, Integer::sum));
        CorpusMixture mixture = CorpusMixture.DEFAULT;
        assertShare(counts, "facts", mixture.facts());
        assertShare(counts, "sentence", mixture.sentences());
        assertShare(counts, "direct", mixture.direct());
        assertShare(counts, "untagged reasoning", mixture.untagged());
        assertShare(counts, "tagged reasoning", mixture.tagged() * mixture.taggedReasoning());
        assertShare(counts, "tagged guess", mixture.tagged() * (1 - mixture.taggedReasoning()));
    }

    private static void assertShare(Map<String, Integer> counts, String kind, double share) {
        double error = 4 * Math.sqrt(share * (1 - share) / DOCUMENTS);
        assertThat(counts.getOrDefault(kind, 0) / (double) DOCUMENTS).as(kind).isCloseTo(share, within(error));
    }

    @Test
    void factsAndSentencesAreRight() {
        for (String document : CORPUS) {
            switch (kind(document)) {
                case "facts" ->
                    assertThat(equations(document)).hasSizeBetween(4, 8).allMatch(ArithmeticCorpusTest::isRight);
                case "sentence" -> {
                    List<Integer> numbers = Pattern.compile("\\d+")
                            .matcher(document)
                            .results()
                            .map(result -> Integer.parseInt(result.group()))
                            .toList();
                    assertThat(numbers).hasSize(3);
                    assertThat(Math.abs(numbers.get(0) - numbers.get(2)))
                            .as(document)
                            .isEqualTo(numbers.get(1));
                }
                default -> {}
            }
        }
    }

    @Test
    void answersGivenAtOnceAreRightAsOftenAsAsked() {
        List<String> direct = CORPUS.stream()
                .filter(document -> kind(document).equals("direct"))
                .toList();
        double right = direct.stream()
                .filter(document -> answer(document) == value(QuestionParser.key(question(document))))
                .count();
        assertThat(right / direct.size()).isCloseTo(0.60, within(0.025));
    }

    @Test
    void faultsComeAtTheirRatesWhereTheyCan() {
        int steps = 0, mistakes = 0, carries = 0, dropped = 0, others = 0, slips = 0;
        for (String document : withQuestion()) {
            List<Matcher> equations = equations(document);
            List<Step> asked = steps(QuestionParser.key(question(document)));
            List<Step> written = new ArrayList<>(asked);
            int start = Integer.parseInt(QuestionParser.key(question(document)).split("[+-]")[0]);
            int value = start;
            for (int i = 0; i < equations.size(); i++) {
                Matcher equation = equations.get(i);
                assertThat(Integer.parseInt(equation.group(1))).as(document).isEqualTo(value);
                assertThat(Integer.parseInt(equation.group(3)))
                        .isEqualTo(asked.get(i).operand());
                int result = Integer.parseInt(equation.group(4));
                assertThat(result).as(document).isBetween(0, 199);
                Step step = asked.get(i);
                List<Step> rest = asked.subList(i + 1, asked.size());
                List<Step> mistaken = new ArrayList<>(written);
                mistaken.set(i, step.opposite());
                boolean canMistake = Calculation.staysInRange(step.opposite().apply(value), rest)
                        && Split.ofKey(Calculation.key(start, mistaken)) == Split.TRAIN;
                boolean mistake =
                        equation.group(2).charAt(0) != step.operation().symbol();
                steps += canMistake ? 1 : 0;
                mistakes += mistake ? 1 : 0;
                if (mistake) {
                    written = mistaken;
                    assertThat(isRight(equation)).isTrue();
                } else {
                    int right = step.apply(value);
                    int uncarried = step.operation().withoutCarry(value, step.operand());
                    boolean canDrop = uncarried != right && Calculation.staysInRange(uncarried, rest);
                    boolean drop = result != right && result == uncarried;
                    carries += canDrop ? 1 : 0;
                    dropped += drop ? 1 : 0;
                    others += drop ? 0 : 1;
                    slips += result != right && !drop ? 1 : 0;
                }
                value = result;
            }
            if (!equations.isEmpty()) {
                assertThat(answer(document)).isEqualTo(value);
            }
        }
        Faults faults = CorpusMixture.DEFAULT.faults();
        assertThat(steps).isGreaterThan(10_000);
        assertThat(mistakes / (double) steps).isCloseTo(faults.wrongOperation(), within(0.01));
        assertThat(dropped / (double) carries).isCloseTo(faults.droppedCarry(), within(0.025));
        assertThat(slips / (double) others).isCloseTo(faults.slip(), within(0.003));
    }

    @Test
    void everyResultOfACalculationIsInRange() {
        SplittableRandom random = new SplittableRandom(2);
        for (int i = 0; i < 20_000; i++) {
            Calculation calculation = Calculation.draw(random, Split.TRAIN);
            assertThat(calculation.results()).allMatch(result -> result >= 0 && result <= 199);
            assertThat(calculation.steps()).hasSizeBetween(2, 4);
            assertThat(calculation.answer()).isEqualTo(value(calculation.key()));
        }
    }

    @Test
    void aSeedDecidesTheCorpusAndALongerOneBeginsWithAShorter() {
        assertThat(new ArithmeticCorpus(CorpusMixture.DEFAULT, 1, 5).document(3))
                .isEqualTo(CORPUS.get(3));
        assertThat(new ArithmeticCorpus(CorpusMixture.DEFAULT, 2, 5).document(3))
                .isNotEqualTo(CORPUS.get(3));
        assertThat(new HashSet<>(withQuestion()))
                .hasSizeGreaterThan(withQuestion().size() * 99 / 100);
    }

    @Test
    void workedExamplesAreRightAndOfTheTrainSplit() {
        Set<String> keys = new HashSet<>();
        try (ExampleReader reader = new WorkedExamples(200, 6).open()) {
            while (reader.hasNext()) {
                Chat chat = (Chat) reader.next();
                String key = QuestionParser.key(chat.messages().getFirst().content());
                assertThat(Split.ofKey(key)).isEqualTo(Split.TRAIN);
                assertThat(keys.add(key)).isTrue();
                String worked = chat.messages().get(1).content();
                assertThat(worked).matches("<think>(\\d+[+-]\\d+=\\d+\\n?)+</think><answer>\\d+</answer>");
                assertThat(equations(worked)).hasSameSizeAs(steps(key)).allMatch(ArithmeticCorpusTest::isRight);
                assertThat(answer(worked)).isEqualTo(value(key));
            }
        }
        assertThat(keys).hasSize(200);
    }

    @Test
    void aProblemCarriesItsAnswer() {
        for (Question question : ProblemSet.test()) {
            Problem problem = question.problem();
            assertThat(problem.prompt()).containsExactly(Message.user(question.text()));
            assertThat(problem.answer()).isEqualTo(Integer.toString(value(QuestionParser.key(question.text()))));
        }
    }

    @Test
    void documentsAreShort() {
        assertThat(CORPUS).allMatch(document -> document.length() <= 280);
        assertThat(CORPUS.stream().mapToInt(String::length).average().orElseThrow())
                .isLessThan(110);
    }

    @Test
    void sharesThatDoNotAddUpAreRefused() {
        assertThatThrownBy(() -> new CorpusMixture(0.5, 0.1, 0.1, 0.1, 0.1, 0.6, 0.7, Faults.NONE, 0.5))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("not to 1");
        assertThatThrownBy(() -> new Faults(1.2, 0, 0)).isInstanceOf(InputException.class);
    }

    private static List<Matcher> equations(String document) {
        List<Matcher> found = new ArrayList<>();
        document.lines().forEach(line -> {
            Matcher matcher = EQUATION.matcher(line);
            if (matcher.find()) {
                found.add(matcher);
            }
        });
        return found;
    }

    private static boolean isRight(Matcher equation) {
        int left = Integer.parseInt(equation.group(1));
        int right = Integer.parseInt(equation.group(3));
        return Integer.parseInt(equation.group(4)) == (equation.group(2).equals("+") ? left + right : left - right);
    }

    private static int answer(String document) {
        Matcher matcher = Pattern.compile("(?:Answer: |答案:|<answer>)(\\d+)").matcher(document);
        assertThat(matcher.find()).as(document).isTrue();
        return Integer.parseInt(matcher.group(1));
    }

    private static List<Step> steps(String key) {
        return Pattern.compile("([+-])(\\d+)")
                .matcher(key)
                .results()
                .map(step -> new Step(
                        step.group(1).equals("+") ? Operation.PLUS : Operation.MINUS, Integer.parseInt(step.group(2))))
                .toList();
    }

    private static int value(String key) {
        int value = Integer.parseInt(key.split("[+-]")[0]);
        for (Step step : steps(key)) {
            value += step.operation() == Operation.PLUS ? step.operand() : -step.operand();
        }
        return value;
    }
}
