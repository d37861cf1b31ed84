package dev.crema.text.bpe;

import dev.crema.text.InputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * Trains byte-level BPE tokenizers that Hugging Face libraries load.
 *
 * <p>Byte-pair encoding (Sennrich et al., <a href="https://arxiv.org/abs/1508.07909">1508.07909</a>) starts from small
 * symbols and again and again joins the pair of neighbours that is most frequent. The byte-level form (Radford et al.,
 * GPT-2, 2019) starts from the 256 bytes, so that any text can be written, and first cuts text into words that no merge
 * crosses. Merges depend only on the words and how often each occurs; so a corpus of any size is read once, as a stream
 * and on all cores ({@link WordCounter}), and the merges are learnt from the table of words ({@link MergeLearner}).
 *
 * <p>Between pairs of equal count the one with the greater bytes is merged, first half before second. The result depends
 * on the text alone: the same on any machine and with any number of cores.
 */
public final class BpeTrainer {
    private static final int BLOCK = 4 << 20;
    private static final int LARGEST_BLOCK = 64 << 20;
    private static final BpeProgress SILENT = (stage, done, total) -> {};

    private BpeTrainer() {}

    /**
     * Train on UTF-8 text files, and on all files within folders.
     *
     * @throws InputException when a file is missing or not UTF-8, or there is no text
     */
    public static TrainedBpe trainOnFiles(BpeTraining training, List<Path> filesOrFolders) {
        return trainOnFiles(training, filesOrFolders, SILENT);
    }

    /** Train on files as {@link #trainOnFiles(BpeTraining, List)} does and tell how far it is. */
    public static TrainedBpe trainOnFiles(BpeTraining training, List<Path> filesOrFolders, BpeProgress progress) {
        List<Path> files = FileBlocks.expand(filesOrFolders);
        var counter = new WordCounter(training);
        try (var blocks = new FileBlocks(files, counter.specials(), BLOCK, LARGEST_BLOCK)) {
            counter.count(blocks, files.stream().mapToLong(BpeTrainer::size).sum(), progress);
        }
        return learn(training, counter, progress);
    }

    /**
     * Train on texts, each of them once; a stream is given as {@code stream::iterator}.
     *
     * @throws InputException when there is no text
     */
    public static TrainedBpe trainOnTexts(BpeTraining training, Iterable<String> texts) {
        return trainOnTexts(training, texts, SILENT);
    }

    /** Train on texts as {@link #trainOnTexts(BpeTraining, Iterable)} does and tell how far it is. */
    public static TrainedBpe trainOnTexts(BpeTraining training, Iterable<String> texts, BpeProgress progress) {
        var counter = new WordCounter(training);
        counter.count(new TextBlocks(texts.iterator()), 0, progress);
        return learn(training, counter, progress);
    }

    private static TrainedBpe learn(BpeTraining training, WordCounter counter, BpeProgress progress) {
        var learner = new MergeLearner(counter.takeWords());
        learner.learn(training.vocabularySize() - training.specialTokens().size(), progress);
        return TrainedBpe.of(training, learner, counter);
    }

    private static long size(Path file) {
        try {
            return Files.size(file);
        } catch (IOException e) {
            throw new InputException("Cannot read " + file + ": " + e.getMessage(), e);
        }
    }
}
