package dev.crema.data.arithmetic;

import dev.crema.data.arithmetic.Cast.Person;
import dev.crema.data.arithmetic.Cast.Thing;
import java.util.List;

/** The scenes, people and things of a language. */
record Scenes(List<Scene> scenes, List<Person> people, List<Thing> things) {
    private static final List<String> ENGLISH_JOINS = List.of(", then ", " and then ", ". Then {he} ", ". {He} ");
    private static final List<String> CHINESE_JOINS = List.of(",又", ",然后", ",再", "。后来{he}");

    private static final Scenes ENGLISH = new Scenes(
            List.of(
                    new Scene(
                            "{name} has {n} {thing}",
                            List.of(". {He} ", " and "),
                            ENGLISH_JOINS,
                            List.of("buys {n} more", "finds {n} more", "gets {n} from {other}", "makes {n} more"),
                            List.of("gives {n} to {other}", "loses {n}", "sells {n}", "uses {n}"),
                            List.of(
                                    ". How many {thing} does {name} have?",
                                    ". How many {thing} does {he} have now?",
                                    ". How many {thing} does {name} have in the end?"),
                            ". Now {name} has {n} {thing}."),
                    new Scene(
                            "A shop has {n} {thing}",
                            List.of(". It ", " and "),
                            List.of(", then ", " and then ", ". Then it "),
                            List.of("buys {n} more", "gets {n} from {other}"),
                            List.of("sells {n}", "gives {n} to {other}"),
                            List.of(
                                    ". How many {thing} does the shop have?",
                                    ". How many {thing} are in the shop now?"),
                            ". Now the shop has {n} {thing}."),
                    new Scene(
                            "There are {n} people on a bus",
                            List.of(". "),
                            List.of(", then ", " and then ", ". Then "),
                            List.of("{n} get on", "{n} more get on"),
                            List.of("{n} get off", "{n} of them get off"),
                            List.of(". How many people are on the bus?", ". How many people are on the bus now?"),
                            ". Now there are {n} people on the bus."),
                    new Scene(
                            "{name} has {n} points",
                            List.of(". {He} ", " and "),
                            ENGLISH_JOINS,
                            List.of("wins {n}", "gets {n} more"),
                            List.of("loses {n}", "drops {n}"),
                            List.of(". How many points does {name} have?", ". How many points does {he} have now?"),
                            ". Now {name} has {n} points."),
                    new Scene(
                            "Start with {n}",
                            List.of(", ", ". Then "),
                            List.of(", ", ", then ", " and then "),
                            List.of("add {n}"),
                            List.of("take away {n}", "subtract {n}"),
                            List.of(". What is the result?", ". What do you get?"),
                            ". The result is {n}."),
                    new Scene(
                            "What is {n}",
                            List.of(" "),
                            List.of(" "),
                            List.of("plus {n}"),
                            List.of("minus {n}"),
                            List.of("?"),
                            "? It is {n}.")),
            List.of(
                    new Person("Tom", "he"),
                    new Person("Ann", "she"),
                    new Person("Ben", "he"),
                    new Person("Lily", "she"),
                    new Person("Sam", "he"),
                    new Person("Mia", "she"),
                    new Person("Leo", "he"),
                    new Person("Emma", "she")),
            List.of(
                    new Thing("apples", ""),
                    new Thing("books", ""),
                    new Thing("pens", ""),
                    new Thing("cards", ""),
                    new Thing("balls", ""),
                    new Thing("eggs", ""),
                    new Thing("stamps", ""),
                    new Thing("shells", "")));

    private static final Scenes CHINESE = new Scenes(
            List.of(
                    new Scene(
                            "{name}有{n}{m}{thing}",
                            List.of("。{he}", ","),
                            CHINESE_JOINS,
                            List.of("买了{n}{m}", "找到{n}{m}", "从{other}那里得到{n}{m}", "做了{n}{m}"),
                            List.of("送给{other}{n}{m}", "丢了{n}{m}", "卖了{n}{m}", "用了{n}{m}"),
                            List.of("。{name}有多少{m}{thing}?", "。{he}现在有多少{m}{thing}?", "。{name}最后有多少{m}{thing}?"),
                            "。现在{name}有{n}{m}{thing}。"),
                    new Scene(
                            "店里有{n}{m}{thing}",
                            List.of("。", ","),
                            List.of(",又", ",然后", ",再", "。后来"),
                            List.of("买来{n}{m}", "从{other}那里得到{n}{m}"),
                            List.of("卖了{n}{m}", "送给{other}{n}{m}"),
                            List.of("。店里有多少{m}{thing}?", "。店里现在有多少{m}{thing}?"),
                            "。现在店里有{n}{m}{thing}。"),
                    new Scene(
                            "车上有{n}人",
                            List.of("。", ","),
                            List.of(",又", ",然后", ",再", "。后来"),
                            List.of("上来{n}人"),
                            List.of("下去{n}人"),
                            List.of("。车上有多少人?", "。车上现在有多少人?"),
                            "。现在车上有{n}人。"),
                    new Scene(
                            "{name}有{n}分",
                            List.of("。{he}", ","),
                            CHINESE_JOINS,
                            List.of("赢了{n}分", "得到{n}分"),
                            List.of("输了{n}分", "丢了{n}分"),
                            List.of("。{name}有多少分?", "。{he}现在有多少分?"),
                            "。现在{name}有{n}分。"),
                    new Scene(
                            "从{n}开始",
                            List.of(","),
                            List.of(",", ",再", ",然后"),
                            List.of("加{n}", "加上{n}"),
                            List.of("减{n}", "减去{n}"),
                            List.of("。结果是多少?", ",得到多少?"),
                            "。结果是{n}。"),
                    new Scene(
                            "{n}",
                            List.of(""),
                            List.of(""),
                            List.of("加{n}", "加上{n}"),
                            List.of("减{n}", "减去{n}"),
                            List.of("是多少?", "等于多少?"),
                            "等于{n}。")),
            List.of(
                    new Person("小明", "他"),
                    new Person("小红", "她"),
                    new Person("小华", "他"),
                    new Person("小丽", "她"),
                    new Person("小刚", "他"),
                    new Person("小美", "她"),
                    new Person("小文", "他"),
                    new Person("小芳", "她")),
            List.of(
                    new Thing("苹果", "个"),
                    new Thing("书", "本"),
                    new Thing("笔", "支"),
                    new Thing("卡片", "张"),
                    new Thing("球", "个"),
                    new Thing("鸡蛋", "个"),
                    new Thing("邮票", "张"),
                    new Thing("贝壳", "个")));

    static Scenes of(Language language) {
        return switch (language) {
            case ENGLISH -> ENGLISH;
            case CHINESE -> CHINESE;
        };
    }
}
