package dev.crema;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.equivalentTo;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.fields;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.methods;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.GeneralCodingRules.ACCESS_STANDARD_STREAMS;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaMethod;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import dev.crema.text.InputException;
import java.nio.file.Files;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Holds the modules to their layers, and all code to the habits that make it read as one. */
final class ArchitectureTest {
    /** The modules in their order: each may use only those before it. */
    private static final List<String> LAYERS =
            List.of("tensor", "text", "model", "data", "plan", "infer", "train", "serve", "lab", "cli", "bench");

    /** Modules that deal in text, numbers and arrays alone, so that they can be used and tested without libtorch. */
    private static final List<String> WITHOUT_TENSORS = List.of("text", "data", "plan");

    private static final JavaClasses CREMA = new ClassFileImporter()
            .withImportOption(new ImportOption.DoNotIncludeTests())
            .importPackages("dev.crema");

    static Stream<String> modules() {
        return LAYERS.stream()
                .filter(layer -> Files.isDirectory(Repository.root().resolve(layer + "/src/main/java")));
    }

    @ParameterizedTest
    @MethodSource("modules")
    void seesTheClassesOfAModule(String module) {
        assertThat(CREMA.stream().filter(resideInAnyPackage("dev.crema." + module + "..")))
                .isNotEmpty();
    }

    @Test
    void knowsTheLayerOfEachClass() {
        String[] packages =
                LAYERS.stream().map(layer -> "dev.crema." + layer + "..").toArray(String[]::new);
        classes().should().resideInAnyPackage(packages).check(CREMA);
    }

    @ParameterizedTest
    @MethodSource("modules")
    void usesOnlyLayersBelow(String module) {
        List<String> above = LAYERS.subList(LAYERS.indexOf(module) + 1, LAYERS.size());
        noClasses()
                .that()
                .resideInAPackage("dev.crema." + module + "..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(
                        above.stream().map(layer -> "dev.crema." + layer + "..").toArray(String[]::new))
                .check(CREMA);
    }

    @Test
    void namesLibtorchOnlyInTensor() {
        noClasses()
                .that()
                .resideOutsideOfPackage("dev.crema.tensor..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("org.bytedeco..")
                .check(CREMA);
    }

    @Test
    void keepsTensorsOutOfTextDataAndPlans() {
        noClasses()
                .that()
                .resideInAnyPackage(WITHOUT_TENSORS.stream()
                        .map(module -> "dev.crema." + module + "..")
                        .toArray(String[]::new))
                .should()
                .dependOnClassesThat()
                .resideInAPackage("dev.crema.tensor..")
                .check(CREMA);
    }

    @Test
    void hasPackagesWithoutCycles() {
        // InputException, the one error for bad input, lies in "text", and the packages under "text" throw it too.
        slices().matching("dev.crema.(**)")
                .should()
                .beFreeOfCycles()
                .ignoreDependency(DescribedPredicate.alwaysTrue(), equivalentTo(InputException.class))
                .check(CREMA);
    }

    @Test
    void marksEachPackageAgainstNull() {
        classes()
                .should(new ArchCondition<>("be in a package that is @NullMarked") {
                    @Override
                    public void check(JavaClass type, ConditionEvents events) {
                        boolean marked = type.getPackage()
                                .tryGetPackageInfo()
                                .map(info -> info.isAnnotatedWith(NullMarked.class))
                                .orElse(false);
                        events.add(
                                new SimpleConditionEvent(type, marked, type.getPackageName() + " is not @NullMarked"));
                    }
                })
                .check(CREMA);
    }

    @Test
    void printsOnlyInTheCommandLine() {
        noClasses()
                .that()
                .resideOutsideOfPackages("dev.crema.cli..", "dev.crema.bench..")
                .should(ACCESS_STANDARD_STREAMS)
                .check(CREMA);
    }

    @Test
    void logsThroughSlf4j() {
        noClasses()
                .should()
                .dependOnClassesThat()
                .resideInAPackage("java.util.logging..")
                .check(CREMA);
    }

    @Test
    void keepsNoGlobalState() {
        fields().that().areStatic().should().beFinal().check(CREMA);
    }

    @Test
    void takesNoOptionalParameters() {
        methods()
                .that()
                .arePublic()
                .and()
                .doNotHaveModifier(JavaModifier.SYNTHETIC)
                .should()
                .notHaveRawParameterTypes(new DescribedPredicate<>("an Optional") {
                    @Override
                    public boolean test(List<JavaClass> types) {
                        return types.stream().anyMatch(type -> type.isEquivalentTo(Optional.class));
                    }
                })
                .check(CREMA);
    }

    @Test
    void namesAccessorsAfterWhatTheyGive() {
        methods()
                .should(new ArchCondition<>("not be named getX, but x") {
                    @Override
                    public void check(JavaMethod method, ConditionEvents events) {
                        boolean getter = method.getName().matches("get[A-Z].*")
                                && method.getRawParameterTypes().isEmpty()
                                && !implementsAForeignType(method);
                        events.add(new SimpleConditionEvent(method, !getter, method.getFullName()));
                    }
                })
                .check(CREMA);
    }

    private static boolean implementsAForeignType(JavaMethod method) {
        return Stream.concat(
                        method.getOwner().getAllRawSuperclasses().stream(),
                        method.getOwner().getAllRawInterfaces().stream())
                .filter(type -> !type.getPackageName().startsWith("dev.crema"))
                .anyMatch(type -> type.tryGetMethod(method.getName()).isPresent());
    }
}
