package dev.crema.text.jinja;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.crema.text.InputException;
import java.time.Clock;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A template from outside cannot hang, fill the memory or overflow the stack. */
@Timeout(20)
class TemplateLimitsTest {
    private static String render(String template) {
        return Template.of(template).render(Map.of(), Clock.systemUTC()).text();
    }

    @Test
    void stopsLoopsWithoutEnd() {
        String loops = "{% for a in range(100000) %}{% for b in range(100000) %}{% for c in range(100000) %}"
                + "{% endfor %}{% endfor %}{% endfor %}";
        assertThatThrownBy(() -> render("\n" + loops))
                .isInstanceOf(InputException.class)
                .hasMessageMatching("chat template, line 2: the template takes more than 20000000 steps; .*");
    }

    @Test
    void stopsOutputWithoutEnd() {
        assertThatThrownBy(() -> render("{% for a in range(100000) %}{{ 'x' * 10000 }}{% endfor %}"))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("more than the 16000000 allowed");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{% set ns = namespace(x='ab') %}{% for i in range(99) %}{% set ns.x = ns.x ~ ns.x %}{% endfor %}",
                "{% set ns = namespace(x='ab') %}{% for i in range(99) %}{% set ns.x = ns.x + ns.x %}{% endfor %}",
                "{% set ns = namespace(x=[1]) %}{% for i in range(99) %}{% set ns.x = ns.x + ns.x %}{% endfor %}",
                "{% set ns = namespace(x='a') %}{% for i in range(99) %}{% set ns.x = ns.x|replace('a', 'aa') %}{% endfor %}",
                "{% set ns = namespace(x='a') %}{% for i in range(99) %}{% set ns.x = [ns.x, ns.x]|join %}{% endfor %}",
                "{% set ns = namespace(x='a') %}{% for i in range(99) %}{% set ns.x = '%s%s' % (ns.x, ns.x) %}{% endfor %}",
                "{% set ns = namespace(x='a') %}{% for i in range(99) %}{% set ns.x = '{0}{0}'.format(ns.x) %}{% endfor %}",
                "{{ 'x' * 1000000000000 }}",
                "{{ [0] * 1000000000000 }}",
                "{{ 9 ** (9 ** 9) }}",
                "{{ 'x'.center(2000000000) }}",
                "{{ '%2000000000d' % 1 }}",
                "{{ '{:2000000000}'.format(1) }}",
                "{{ 'a\nb'|indent(2000000000) }}",
                "{{ [1]|tojson(indent=2000000000) }}",
                "{{ [1]|batch(2000000000, 0)|list }}"
            })
    void stopsValuesThatGrowWithoutEnd(String template) {
        assertThatThrownBy(() -> render(template))
                .isInstanceOf(InputException.class)
                .hasMessageStartingWith("chat template, line ");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{{ ns.x }}",
                "{{ ns.x|tojson }}",
                "{{ ns.x == ns.y }}",
                "{{ ns.x in [ns.y] }}",
                "{{ {ns.t: 1} }}",
                "{{ [ns.x, ns.y]|sort }}",
                "{{ ns.x ~ '' }}",
                "{{ [ns.x].index(ns.y) }}",
                "{{ [ns.t, ns.t]|unique|list }}"
            })
    void stopsWalksThroughListsThatHoldThemselvesTwice(String use) {
        String twice = "{% set ns = namespace(x=[], y=[], t=()) %}{% for i in range(99) %}{% set ns.x = [ns.x, ns.x] %}"
                + "{% set ns.y = [ns.y, ns.y] %}{% set ns.t = (ns.t, ns.t) %}{% endfor %}";
        assertThatThrownBy(() -> render(twice + use)).isInstanceOf(InputException.class);
    }

    @Test
    void stopsMacrosThatCallThemselves() {
        assertThatThrownBy(() -> render("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}"))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("macros call one another more than 100 deep");
        assertThatThrownBy(() -> render("{% for x in [[]] recursive %}{{ loop([x]) }}{% endfor %}"))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("more than 100 deep");
    }

    @Test
    void stopsNestingOnASmallStack() throws InterruptedException {
        String nested = "{% set ns = namespace(x=[]) %}{% for i in range(20000) %}{% set ns.x = [ns.x] %}{% endfor %}";
        AtomicReference<Throwable> thrown = new AtomicReference<>();
        Thread small = new Thread(null, () -> render(nested + "{{ ns.x }}"), "small", 256 * 1024);
        small.setUncaughtExceptionHandler((thread, error) -> thrown.set(error));
        small.start();
        small.join();
        assertThat(thrown.get()).isInstanceOf(InputException.class).hasMessageContaining("nest deeper");
    }

    @Test
    void refusesSourceThatNestsTooDeep() {
        for (String source : List.of(
                "{{ " + "(".repeat(5000) + "1" + ")".repeat(5000) + " }}",
                "{{ " + "not ".repeat(5000) + "1 }}",
                "{{ " + "-".repeat(5000) + "1 }}",
                "{% if 1 %}".repeat(5000) + "{% endif %}".repeat(5000))) {
            assertThatThrownBy(() -> Template.of(source))
                    .isInstanceOf(InputException.class)
                    .hasMessageContaining("nests more than 150 deep");
        }
    }

    @Test
    void refusesVariablesInACycle() {
        Map<String, Object> cycle = new HashMap<>();
        cycle.put("self", new ArrayList<>(List.of(cycle)));
        assertThatThrownBy(() -> Template.of("").render(cycle, Clock.systemUTC()))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("nests more than 200");
    }

    @Test
    void leavesRoomForALongConversation() {
        Map<String, Object> message = Map.of("role", "user", "content", "word ".repeat(200));
        List<Object> messages = new ArrayList<>();
        for (int i = 0; i < 5000; i++) {
            messages.add(message);
        }
        String template = "{% for m in messages %}{{ '<' + m.role + '>' + m.content|trim + '\n' }}{% endfor %}";
        assertThat(Template.of(template)
                        .render(Map.of("messages", messages), Clock.systemUTC())
                        .text())
                .hasSize(5000 * (6 + 999 + 1));
    }

    @Test
    void namesTheLineOfAnError() {
        assertThatThrownBy(() -> render("a\n\n{{ missing.x }}"))
                .hasMessage("chat template, line 3: 'missing' is undefined");
        assertThatThrownBy(() -> Template.of("a\n{% if %}"))
                .hasMessage("chat template, line 2: expected an expression, got '%}'");
        assertThatThrownBy(() -> render("{% if true %}\n{{ raise_exception('Roles must alternate') }}{% endif %}"))
                .hasMessage("chat template, line 2: Roles must alternate");
        assertThatThrownBy(() -> Template.of("{% include 'x' %}"))
                .hasMessage("chat template, line 1: 'include' needs other templates; a chat template stands alone");
    }
}
