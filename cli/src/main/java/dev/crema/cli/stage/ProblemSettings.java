package dev.crema.cli.stage;

import dev.crema.cli.recipe.Default;
import dev.crema.cli.recipe.Input;
import dev.crema.data.Example;
import dev.crema.data.Example.Chat;
import dev.crema.data.Example.Problem;
import dev.crema.data.ExampleReader;
import dev.crema.data.Order;
import dev.crema.data.Problems;
import dev.crema.data.RecordFormat;
import dev.crema.data.Source;
import dev.crema.data.arithmetic.ProblemSet;
import dev.crema.data.arithmetic.Question;
import dev.crema.data.arithmetic.Split;
import dev.crema.text.InputException;
import dev.crema.text.Message;
import dev.crema.train.method.ProblemSource;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** Problems with answers that can be checked. */
sealed interface ProblemSettings {
    /** Returns problems without end for training. */
    ProblemSource training(long seed) throws IOException;

    /** Returns problems to judge by. */
    List<Problem> evaluation() throws IOException;

    List<Input> inputs();

    /**
     * The quickstart's problems.
     *
     * @param split which of the disjoint sides
     * @param count how many to judge by; the test side has its own 500
     */
    record Arithmetic(
            @Default("train") Split split, @Default("500") int count) implements ProblemSettings {
        private static final long DEV_SEED = 7;

        @Override
        public ProblemSource training(long seed) {
            ProblemSet problems = new ProblemSet(split, seed + 2);
            return number -> problems.question(number).problem();
        }

        @Override
        public List<Problem> evaluation() {
            List<Question> questions = split == Split.TEST
                    ? ProblemSet.test().subList(0, Math.min(count, ProblemSet.TEST_SIZE))
                    : new ProblemSet(split, DEV_SEED).distinct(count);
            return questions.stream().map(Question::problem).toList();
        }

        @Override
        public List<Input> inputs() {
            return List.of();
        }
    }

    /**
     * Records of question and answer, such as GSM8K's.
     *
     * @param path a file, a folder or a glob
     * @param system a first message that says how to answer; empty for none
     * @param mostSteps keeps problems whose worked answer has at most so many {@code <<...>>} steps; 0 keeps all
     * @param count how many to judge by
     */
    record Files(
            Path path,
            @Default("''") String system,
            @Default("0") int mostSteps,
            @Default("500") int count) implements ProblemSettings {
        @Override
        public ProblemSource training(long seed) throws IOException {
            return new Problems(read(Integer.MAX_VALUE), new Order.Shuffled(seed))::problem;
        }

        @Override
        public List<Problem> evaluation() throws IOException {
            return read(count);
        }

        /** Returns at most {@code limit} problems as chats whose answers reason and answer between tags. */
        List<Example> worked(int limit) {
            return chats(limit).stream()
                    .<Example>map(chat ->
                            new Chat(Stream.concat(prompt(chat).stream(), Stream.of(Message.assistant(tagged(chat))))
                                    .toList()))
                    .toList();
        }

        private List<Problem> read(int limit) {
            List<Problem> problems = new ArrayList<>();
            for (Chat chat : chats(limit)) {
                problems.add(new Problem(prompt(chat), answer(chat), path.getFileName() + " " + problems.size()));
            }
            return problems;
        }

        private List<Chat> chats(int limit) {
            List<Chat> chats = new ArrayList<>();
            try (ExampleReader reader =
                    Source.of(path.toString()).as(RecordFormat.QUESTION_ANSWER).open()) {
                while (reader.hasNext() && chats.size() < limit) {
                    Chat chat = (Chat) reader.next();
                    if (mostSteps == 0 || worked(chat).split("<<", -1).length - 1 <= mostSteps) chats.add(chat);
                }
            }
            if (chats.isEmpty()) {
                throw new InputException(path + " holds no problems"
                        + (mostSteps == 0 ? "" : " of at most " + mostSteps + " steps; raise most_steps"));
            }
            return chats;
        }

        private List<Message> prompt(Chat chat) {
            Message question = chat.messages().getFirst();
            return system.isEmpty() ? List.of(question) : List.of(Message.system(system), question);
        }

        private static String worked(Chat chat) {
            return chat.messages().getLast().content();
        }

        /** In GSM8K what follows the last {@code ####} is the answer. */
        private static String answer(Chat chat) {
            String worked = worked(chat);
            int mark = worked.lastIndexOf("####");
            return worked.substring(mark < 0 ? 0 : mark + 4).strip();
        }

        /** In GSM8K {@code <<1+1=2>>} is a note for a calculator, and not part of the text. */
        private static String tagged(Chat chat) {
            String worked = worked(chat);
            int mark = worked.lastIndexOf("####");
            String reasoning = worked.substring(0, Math.max(0, mark)).replaceAll("<<.*?>>", "");
            return "<think>" + reasoning.strip() + "</think><answer>" + answer(chat) + "</answer>";
        }

        @Override
        public List<Input> inputs() {
            return DataSettings.filesOf(path);
        }
    }
}
