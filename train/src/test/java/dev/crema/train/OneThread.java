package dev.crema.train;

import dev.crema.tensor.LibTorch;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/** Runs a class's tests on one thread: kernels this small gain nothing from more, and on a busy machine lose much. */
final class OneThread implements BeforeAllCallback, AfterAllCallback {
    @Override
    public void beforeAll(ExtensionContext context) {
        LibTorch.threads(1);
    }

    @Override
    public void afterAll(ExtensionContext context) {
        LibTorch.threads(Runtime.getRuntime().availableProcessors());
    }
}
