package dev.crema.data.arithmetic;

import java.util.List;
import java.util.random.RandomGenerator;

/** Tells steps in words: draws a scene, who and what it is about, and a phrase for each step. */
final class Wording {
    private Wording() {}

    /** Tells the steps and asks for the result. */
    static String question(Language language, int start, List<Step> steps, RandomGenerator random) {
        Scenes scenes = Scenes.of(language);
        Scene scene = pick(scenes.scenes(), random);
        Cast cast = cast(scenes, random);
        return cast.fill(tell(scene, start, steps, random) + pick(scene.questions(), random));
    }

    /** Tells one step and its result. */
    static String statement(Language language, int start, Step step, RandomGenerator random) {
        Scenes scenes = Scenes.of(language);
        Scene scene = pick(scenes.scenes(), random);
        Cast cast = cast(scenes, random);
        return cast.fill(tell(scene, start, List.of(step), random) + number(scene.outcome(), step.apply(start)));
    }

    private static String tell(Scene scene, int start, List<Step> steps, RandomGenerator random) {
        StringBuilder text = new StringBuilder(number(scene.opening(), start));
        for (int i = 0; i < steps.size(); i++) {
            Step step = steps.get(i);
            text.append(pick(i == 0 ? scene.first() : scene.joins(), random));
            text.append(number(pick(scene.phrases(step.operation()), random), step.operand()));
        }
        return text.toString();
    }

    private static Cast cast(Scenes scenes, RandomGenerator random) {
        int person = random.nextInt(scenes.people().size());
        int other = (person + random.nextInt(1, scenes.people().size()))
                % scenes.people().size();
        return new Cast(scenes.people().get(person), scenes.people().get(other), pick(scenes.things(), random));
    }

    private static String number(String phrase, int number) {
        return phrase.replace("{n}", Integer.toString(number));
    }

    private static <T> T pick(List<T> choices, RandomGenerator random) {
        return choices.get(random.nextInt(choices.size()));
    }
}
