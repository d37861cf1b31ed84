package dev.crema.train.method;

import dev.crema.data.Batch;
import java.util.Arrays;

/**
 * What a layer that predicts {@code depth} tokens further ahead reads and is to predict: for token i of a document the
 * token {@code i + depth}, and the one after that.
 *
 * @param following for each token the one that comes {@code depth} later; itself, without meaning, where the row or the
 *     document ends before
 * @param places tokens that bear loss
 * @param targets what is to be predicted there
 */
record LookAhead(int[] following, int[] places, int[] targets) {
    static LookAhead of(Batch batch, int depth) {
        int[] following = batch.ids().clone(), places = new int[following.length], targets = new int[following.length];
        int count = 0;
        for (int i = 0; i < following.length; i++) {
            int later = i + depth;
            boolean inRow = i % batch.columns() + depth < batch.columns();
            if (!inRow || batch.documents()[later] != batch.documents()[i]) continue;
            following[i] = batch.ids()[later];
            if (batch.targets()[later] == Batch.NO_LOSS) continue;
            places[count] = i;
            targets[count++] = batch.targets()[later];
        }
        return new LookAhead(following, Arrays.copyOf(places, count), Arrays.copyOf(targets, count));
    }
}
