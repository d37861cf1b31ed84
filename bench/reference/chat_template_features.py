"""Small templates, one or more for each feature of the language: (name, template, variables)."""

DATA = {
    "s": "  Hello, World 你好 😀é  ",
    "n": None,
    "items": [3, 1, 2],
    "names": ["bob", "Alice", "carol", "alice"],
    "people": [
        {"name": "Bo", "age": 30, "tags": ["x", "y"]},
        {"name": "al", "age": 25, "tags": []},
        {"name": "Cy", "age": 30, "tags": ["z"], "nick": None},
    ],
    "d": {"b": 1, "a": "two", "C": [1.0, None, True], "items": "shadow", "1": 1},
    "f": 1.5,
    "big": 12345678901234567890,
    "t": True,
    "html": "<a href=\"x\">'&'</a>",
    "lines": "one\ntwo\r\n\nfour",
}

EXPRESSIONS = """
1 + 2 * 3 ** 2 // 4 % 5 - -1
7 // -2, -7 // 2, -7 % 3, 7 % -3, -7.5 // 2, 7.5 % -2
2 ** 10, 2 ** -1, 2 ** 0.5, 10 / 4, 10 / 5, 2 ** 3 ** 2
-2 ** 2, (-2) ** 2, - 3|abs
1_000 + 0x1F + 0b101 + 0o17, 1.5e3, 1e-7, 1e16, 123456789012345680.0, 0.1 + 0.2, 1e100, 5e-324
"a" ~ 1 ~ none ~ true ~ 1.0 ~ [1, 'x'] ~ missing
"ab" * 3, [1, 2] * 2, [1] + [2], (1,) + (2,), 3 * "x"
"ab" "cd" 'ef'
1 < 2 < 3, 1 < 3 < 2, 1 == 1.0 == true, 'a' < 'b' <= 'b', [1, 2] < [1, 3], (1, 'a') < (1, 'b')
1 in items, 5 not in items, 'Hello' in s, 'a' in d, 'z' not in d, 1 in (1, 2), 'x' in missing
not t, not missing, not not 1, t and 5, 0 or 'x', none or missing or 3, '' and 1
'yes' if t else 'no', 'yes' if not t, ('a' if n else 'b') if t else 'c', 1 if 0 else 2 if 0 else 3
items[0], items[-1], items[5], items[-9], d.a, d['a'], d.missing, d['nope'], people[0].name, people[0]['tags'][1]
items[1:], items[:-1], items[::-1], items[::2], items[-2:], items[5:], items[2:0:-1], items[-100:100], items[::-2]
s[3:8], s[::-1], s[-4], s[-6:-2], s[17:19], s[100:], s[0], 'abc'[1:-1], 'abc'[:-5]
(1, 2)[0], (1, 2, 3)[1:], range(10)[2:5], range(5)[-1]
{'a': 1, 'b': [1, 2], 3: 'x', none: 1, 1.5: true}, {}, [], (), (1,), [[]], {'a': {'b': {}}}
{'a': 1, 'a': 2}, {1: 'a', 1.0: 'b', true: 'c'}
"it's", ['it\\'s', "a\\"b", 'both \\' and "', 'tab\\t', 'nl\\n', 'bs\\\\', 'é你😀', '\\x00\\x7f\\xa0\\u200b\\u2028', '\\ud7ff']
'\\u4f60\\U0001F600\\x41\\101\\q\\a'|tojson, '\\N{BULLET}'
none, true, false, None, True, False, missing, [none, true, missing is defined]
1.0, 100.0, 1e15, 1e22, 1.23e-5, 0.0001, 0.00001, -0.0, 3.0e8, 2.5e-10
big, big + 1, big // 7, big * 1.0, -big
d.items(), d.keys(), d.values(), d.items()|list, d|list, d|length, d.items()|length
d.get('a'), d.get('zz'), d.get('zz', 7)
d['items'], d.C
range(5)|list, range(2, 8, 3)|list, range(5, 0, -2)|list, range(3), range(1, 9, 2), range(0)|length
dict(a=1, b=2), dict([('x', 1)]), dict({'q': 1}, r=2), dict.fromkeys(['a', 'b'], 0)
s.strip(), s.lstrip()|length, s.rstrip()|length, 'xxaxx'.strip('x'), 'abcxyz'.rstrip('xyz'), 'aabb'.lstrip('a'), '😀a😀'.strip('😀')
s.upper(), s.lower(), 'hello world'.title(), "it's o'neil".title(), 'hELLO wORLD'.capitalize(), 'aBc'.swapcase(), 'ǆ'.capitalize(), 'straße'.upper()
'a,b,,c'.split(','), 'a,b,,c'.split(',', 1), ' a  b c '.split(), ' a  b c '.split(none, 1), 'a,b,c'.rsplit(',', 1), ' a b  c '.rsplit(none, 1), ''.split(), ''.split(','), 'abc'.split('abc'), 'a<>b'.split('<>')[-1]
'aXbXc'.replace('X', '--'), 'aXbXc'.replace('X', '', 1), 'abc'.replace('', '.'), 'aaa'.replace('aa', 'b'), 'a😀b'.replace('', '|')
'abc'.startswith('a'), 'abc'.endswith(('x', 'bc')), 'abc'.startswith(''), 'abc'.startswith('b', 1), 'abc'.endswith('b', 0, 2)
'abcabc'.find('c'), 'abcabc'.rfind('c'), 'abc'.find('z'), 'abcabc'.count('b'), 'abc'.index('b'), '😀bc'.find('c'), 'abcabc'.find('a', 1), 'aaaa'.count('aa')
','.join(['a', 'b']), ''.join('abc'), '-'.join(d)
'a b'.partition(' '), 'a b c'.rpartition(' '), 'abc'.partition('x'), 'abc'.rpartition('x')
'12'.isdigit(), 'a1'.isalnum(), 'ab'.isalpha(), ' \\t'.isspace(), 'AB'.isupper(), 'ab'.islower(), ''.isdigit(), 'Ab Cd'.istitle(), '½'.isnumeric(), '²'.isdigit(), '²'.isdecimal(), 'a_1'.isidentifier(), 'é'.isascii()
'7'.zfill(3), '-7'.zfill(4), 'ab'.center(7, '*'), 'ab'.center(6, '*'), 'abc'.center(6, '*'), 'ab'.ljust(4) ~ '|', 'ab'.rjust(4), 'a\\tb'.expandtabs(4)
'prefix-x'.removeprefix('prefix-'), 'x.jinja'.removesuffix('.jinja'), 'Straße'.casefold()
lines.splitlines(), lines.splitlines(true), 'a\\x0bb\\x85c\\u2028d'.splitlines(), ''.splitlines(), 'a\\n'.splitlines()
'{} {}'.format('a', 1), '{1} {0}'.format('a', 'b'), '{x} {y!r}'.format(x=1, y='q'), '{0[0]} {1.a}'.format(items, d), '{{}}'.format(), '{:>5}|{:<4}|{:^5}|'.format('ab', 'c', 'd'), '{:.2f} {:,} {:05d} {:x} {:e} {:%} {:+d}'.format(3.14159, 1234567, 42, 255, 12345.678, 0.25, 7), '{:{w}}|'.format('a', w=4), '{:g} {:.3g} {:g}'.format(0.0001, 1234.5, 1e10), '{:s} {}'.format('x', none), '{:*^9,.1f}'.format(1234.56)
'%s %d %r' % ('a', 3, 'b'), '%.2f|%5d|%-5s|%05d' % (3.14159, 42, 'ab', 7), '%s' % 'x', '%(a)s' % {'a': 1}, '%%' % (), '%x %e %g %c' % (255, 12.5, 0.5, 'z'), '%s' % none, '%+d % d' % (3, 4), '%d' % 3.9
[1, 2, 1].count(1), [1, 2].index(2), (1, 2, 1).count(1)
missing is defined, missing is undefined, n is defined, n is none, t is boolean, 1 is boolean, t is true, t is false, 1 is number, t is number, 1.0 is number, '1' is number
1 is integer, 1.0 is integer, t is integer, 1.0 is float, s is string, d is mapping, items is mapping, missing is mapping
s is sequence, items is sequence, d is sequence, d.items() is sequence, missing is sequence, 1 is sequence, range(2) is sequence, (1,) is sequence, items|map('string') is sequence
s is iterable, items is iterable, d is iterable, 1 is iterable, missing is iterable, n is iterable, items|map('string') is iterable
3 is odd, 4 is even, 9 is divisibleby 3, 9 is divisibleby(2), 'a' is lower, 'A' is upper, 'aB' is lower, range is callable, d is callable, missing is callable
1 is eq 1, 1 is equalto 2, 1 is ne 2, 2 is gt 1, 2 is greaterthan(1), 1 is lt 2, 2 is ge 2, 2 is le 1, 1 is in [1, 2], 'x' is not in ['y'], n is sameas none, 1 is sameas true
s is not string, 'upper' is filter, 'nope' is filter, 'odd' is test
items is iterable and t, not t is true, 1 is defined or missing
s|trim, 'xxaxx'|trim('x'), 'aBc'|upper, 'aBc'|lower, 'hello wORLD'|title, "it's a-b (c) o'n"|title, 'aBC dEF'|capitalize
items|length, s|length, d|count, missing|length, items|first, items|last, s|first, s|last, []|first, missing|first, missing|last
items|sort, items|sort(reverse=true), names|sort, names|sort(case_sensitive=true), people|sort(attribute='age')|map(attribute='name')|list, people|sort(attribute='age,name')|map(attribute='name')|list
items|join, items|join(', '), people|join('|', attribute='name'), missing|join(','), 'abc'|join('-'), [1, none, 'x']|join(' ')
names|map('upper')|list, people|map(attribute='age')|list, people|map(attribute='nick', default='-')|list, people|map(attribute='tags.0')|list, names|map('replace', 'a', 'o')|list, items|map('string')|join, missing|map('upper')|list
items|select('odd')|list, items|reject('odd')|list, items|select|list, [0, 1, '', 'a']|select|list, names|select('equalto', 'bob')|list, people|selectattr('tags')|map(attribute='name')|list, people|selectattr('age', 'equalto', 30)|list|length, people|rejectattr('nick', 'defined')|map(attribute='name')|list, people|selectattr('age', 'gt', 26)|first
names|unique|list, names|unique(case_sensitive=true)|list, people|unique(attribute='age')|map(attribute='name')|list
items|min, items|max, names|min, names|max(case_sensitive=true), people|max(attribute='age'), []|min, [2, 2.0]|max
items|sum, people|sum(attribute='age'), [1.5, 2]|sum, []|sum(start=10), [[1], [2]]|sum(start=[])
items|reverse|list, 'abc😀'|reverse, d|reverse|list, missing|reverse|list
d|dictsort, d|dictsort(true), {'b': 1, 'a': 2}|dictsort(by='value'), {'b': 1, 'a': 2}|dictsort(reverse=true), d|items|list, missing|items|list
items|batch(2)|list, items|batch(2, 'x')|list, range(7)|slice(3)|list, range(7)|slice(3, '-')|list
people|groupby('age')|list|length, people|groupby('age')|map('first')|list
missing|default('x'), n|default('x'), n|default('x', true), ''|d('y', true), 0|default(default_value='z', boolean=true), missing|default, missing|d(none)
'42'|int, '4.7'|int, 'x'|int, 'x'|int(-1), ' 12 '|int, '0x1f'|int(base=16), '101'|int(0, 2), 4.9|int, -4.9|int, true|int, none|int, '1_000'|int, [1]|int
'4.5'|float, 'x'|float, 'x'|float(2.5), 3|float, '1e3'|float, none|float, '.5'|float, '5.'|float
3.7|round, 3.14159|round(2), 2.5|round, 3.5|round, 2.675|round(2), 3.2|round(method='ceil'), 3.789|round(1, 'floor'), 5|round, 1234|round(-2), -0.4|round
-3|abs, -3.5|abs, true|abs
1|string, none|string, [1, 'a']|string, missing|string, 1.0|string
'abc'|list, d|list, missing|list, range(3)|list, (1, 2)|list
'a\\nb\\n\\nc'|indent, 'a\\nb'|indent(2, true), 'a\\n\\nb'|indent(2, blank=true), 'a\\nb'|indent('> '), ''|indent
'hello big world'|truncate(9), 'hello big world'|truncate(9, true), 'hello big world'|truncate(9, false, '..', 0), 'short'|truncate(10), 'abc def ghi jkl'|truncate(10, leeway=0)
'a b  c-d'|wordcount, 'ab'|center(6) ~ '|', 'a/b c?&é'|urlencode, {'a b': 'c&d', 'x': 1}|urlencode, [('q', 'é ~*')]|urlencode
'aXbX'|replace('X', 'y'), 'aXbX'|replace('X', 'y', 1), 12|replace(1, 3)
'%s-%s'|format('a', 1), '%(x)s'|format(x=2)
html|escape, html|e, html|safe, html|e|e, html|forceescape, (html|e)|forceescape, (html|safe) ~ '<', (html|safe) + '<', '<' + (html|safe), html|safe is escaped, html is escaped
people|attr('nope') is defined, d|attr('a') is defined, d|attr('get') is defined
d|tojson, d|tojson(indent=2), d|tojson(sort_keys=false), items|tojson(indent=4), {}|tojson(indent=2), [[], {}]|tojson(indent=1), items|tojson(separators=(',', ':')), html|tojson, s|tojson, s|tojson(ensure_ascii=true), s|tojson(true), none|tojson, t|tojson, 1.0|tojson, 1e100|tojson, (1, 2)|tojson, {1: 2, none: 3, true: 4, 1.5: 5}|tojson, {'b': 1, 'a': [1]}|tojson(sort_keys=true), 'a\\u0001\\x7f\\u2028"\\\\/\\b\\f'|tojson, items|tojson(indent='\\t'), items|tojson(indent=0), {'b': {'a': 1}}|tojson(indent=2, separators=(',', ' = ')), big|tojson
loop is defined, namespace is defined, range is defined, strftime_now is defined, raise_exception is defined, lipsum_not is defined
strftime_now('%Y-%m-%d %H:%M:%S %B %b %d %A %a %j %p %I %y %-d %-m %e %% %F %T %D %c %U %W %V %u %w %-I')
d['a']|upper ~ '!', (d.a).upper(), d.b|string|length, -items[0]
items.0, people.1.name, d['C'].2
[1, 2, 3,], {'a': 1,}, (1, 2,)
'a' 'b'|upper, 'x'.upper()|lower|title
items == [3, 1, 2], items != [3, 1, 2], (1,) == [1], {'a': 1} == {'a': 1.0}, 'a' == 1, none == missing, missing == other, none == none
[items, n, f]|string, (items|map('string')|list)[0]
'true' if 'a' is in 'abc' else 'false', ['a', 'b'] | join(',') | upper
namespace(a=1).a, namespace({'b': 2}, c=3).c, namespace(a=1).zz is defined
dict(a=1).get('a'), {'f': range}.f(2)|list, [range][0](2)|list
missing.x is defined if missing is defined else 'no'
""".strip().split("\n")

BLOCKS = [
    ("trim", "a\n{% if true %}\n  b\n{% endif %}\nc\n"),
    ("lstrip", "x\n   {% if true %}   \n  y\n\t{% endif %}\nz"),
    ("lstrip_inline", "x {% if true %} y {% endif %} z"),
    ("minus", "a \n {%- if true -%} \n b \n {%- endif -%} \n c"),
    ("plus", "a\n  {%+ if true %}\n  b{% endif +%}\n  c"),
    ("output_minus", "a {{- ' b ' -}} c\n {{ 1 }}\n{{ 2 -}}\n\n d"),
    ("output_plus", "a {{+ 1 }} b"),
    ("output_negative", "{{-1}} {{ -1 }}"),
    ("comment", "a {# c #} b\n{# whole line #}\nc\n  {# indented #}\nd {#- both -#} e {#+ plus +#}\nf"),
    ("comment_odd", "{# {{ x }} {% y %} #}{#-#}{##}x"),
    ("raw", "{% raw %}{{ x }} {% if %}{% endraw %}\n  {%- raw -%}  a {{ }} \n {%- endraw %} b"),
    ("raw_trim", "a\n  {% raw %}\n b\n  {% endraw %}\nc"),
    ("newlines", "a\r\nb\rc\n"),
    ("final_newlines", "a\n\n"),
    ("windows_block", "{% if true %}\r\nx\r\n{% endif %}\r\ny"),
    ("adjacent", "{% if true %}{{ 'a' }}{% endif %}\n{{ 'b' }}\n"),
    ("line_start_after_block", "{% if true %}\n  {% if true %}\n    x\n  {% endif %}\n{% endif %}\n"),
    ("brace_in_output", "{{ {'a': {'b': 1}}['a']['b'] }}{{ '}}' }}{{ \"%}\" }}"),
    ("multi_line_tag", "{%- if\n   true\n   and 1 -%}\nx\n{%- endif %}"),
    ("elif", "{% for i in range(4) %}{% if i == 0 %}zero{% elif i == 1 %}one{% elif i == 2 %}two{% else %}many{% endif %},{% endfor %}"),
    ("if_tuple", "{% if 1, 0 %}y{% endif %}{% if () %}n{% endif %}"),
    ("for_else", "{% for x in [] %}a{% else %}none{% endfor %}{% for x in [1] %}a{% else %}none{% endfor %}"),
    ("for_else_break", "{% for x in [1, 2] %}{{ x }}{% break %}{% else %}E{% endfor %}|{% for x in [1, 2] %}{{ x }}{% continue %}{% else %}E{% endfor %}|{% for x in [1, 2] %}{% if x == 2 %}{% break %}{% endif %}{{ x }}{% else %}E{% endfor %}"),
    ("for_filter", "{% for x in range(6) if x is even %}{{ x }}:{{ loop.index }}/{{ loop.length }}{{ ',' if not loop.last }}{% endfor %}"),
    ("for_filter_outer", "{% set k = 3 %}{% for x in range(6) if x > k %}{{ x }}{% endfor %}"),
    ("for_unpack", "{% for k, v in {'a': 1, 'b': 2}.items() %}{{ k }}={{ v }};{% endfor %}{% for (a, b), c in [((1, 2), 3)] %}{{ a + b + c }}{% endfor %}"),
    ("for_unpack_one", "{% for a, in [[1]] %}{{ a }}{% endfor %}"),
    ("for_unpack_error", "{% for a, b in [(1, 2, 3)] %}{% endfor %}"),
    ("for_dict", "{% for k in {'x': 1, 'y': 2} %}{{ k }}{% endfor %}{% for c in 'a😀' %}[{{ c }}]{% endfor %}{% for x in missing %}n{% endfor %}"),
    ("for_none", "{% for x in none %}{% endfor %}"),
    ("for_int", "{% for x in 3 %}{% endfor %}"),
    ("for_tuple", "{% for x in 1, 2, 3 %}{{ x }}{% endfor %}"),
    ("for_conditional", "{% for x in ([1] if true else [2]) %}{{ x }}{% endfor %}"),
    ("loop", "{% for x in 'abcd' %}{{ loop.index }}{{ loop.index0 }}{{ loop.revindex }}{{ loop.revindex0 }}{{ loop.first }}{{ loop.last }}{{ loop.length }}{{ loop.depth }}{{ loop.depth0 }}{{ loop.cycle('a', 'b', 'c') }}{{ loop.previtem }}{{ loop.nextitem }}{{ loop.previtem is defined }}{{ loop.changed(x in 'ab') }}\n{% endfor %}"),
    ("loop_nested", "{% for x in [1, 2] %}{% set outer = loop %}{% for y in 'ab' %}{{ outer.index }}{{ loop.index }} {% endfor %}{{ loop.index }};{% endfor %}"),
    ("loop_generator", "{% for x in [1, 2, 3]|map('string') %}{{ x }}{{ loop.last }}{{ loop.length }}{% endfor %}"),
    ("loop_recursive", "{% for n in tree recursive %}{{ n.v }}{{ loop.depth }}{% if n.c %}({{ loop(n.c) }}){% endif %}{% endfor %}", {"tree": [{"v": 1, "c": [{"v": 2, "c": [{"v": 3}]}, {"v": 4}]}, {"v": 5}]}),
    ("loop_not_recursive", "{% for n in [1] %}{{ loop([2]) }}{% endfor %}"),
    ("loop_scope", "{% set x = 1 %}{% for i in [1, 2] %}{{ x }}{% set x = x + i %}{{ x }};{% endfor %}{{ x }}{{ i is defined }}"),
    ("loop_variable_after", "{% for i in [1] %}{% endfor %}{{ loop is defined }}{{ i }}"),
    ("break", "{% for x in range(9) %}{% if x == 3 %}{% break %}{% endif %}{% if x == 1 %}{% continue %}{% endif %}{{ x }}{% endfor %}"),
    ("break_outer", "{% for x in [1, 2] %}{% for y in [1, 2, 3] %}{% if y == 2 %}{% break %}{% endif %}{{ x }}{{ y }} {% endfor %}{% endfor %}"),
    ("break_outside", "{% break %}"),
    ("set_if", "{% if true %}{% set x = 5 %}{% endif %}{{ x }}"),
    ("set_tuple", "{% set a, b = 1, 2 %}{{ a }}{{ b }}{% set c = 1, 2 %}{{ c }}{% set (p, q) = 'xy' %}{{ p }}{{ q }}"),
    ("set_block", "{% set x %}a {{ 1 + 1 }}\n b{% endset %}[{{ x }}]{% set y | upper | trim %} q {% endset %}[{{ y }}]"),
    ("set_block_scope", "{% set x %}{% set inner = 1 %}{% endset %}{{ inner is defined }}"),
    ("set_global", "{{ tools }}{% if tools %}{% set tools = 'changed' %}{% endif %}{{ tools }}", {"tools": "given"}),
    ("namespace", "{% set ns = namespace(found=false, n=0) %}{% for i in range(5) %}{% set ns.n = ns.n + i %}{% if i == 3 %}{% set ns.found = true %}{% endif %}{% endfor %}{{ ns.found }}{{ ns.n }}{{ ns.other }}{{ ns['n'] }}{% set ns.text %}b{{ 1 }}{% endset %}{{ ns.text }}"),
    ("namespace_unpack", "{% set ns = namespace() %}{% set ns.a, ns.b = 1, 2 %}{{ ns.a }}{{ ns.b }}"),
    ("namespace_private", "{% set ns = namespace() %}{% set ns._a = 1 %}"),
    ("namespace_private_make", "{{ namespace(_a=1) }}"),
    ("namespace_not", "{% set d = {} %}{% set d.x = 1 %}"),
    ("namespace_list", "{% set ns = namespace(l=[]) %}{% for i in range(3) %}{% set ns.l = ns.l + [i] %}{% endfor %}{{ ns.l }}{{ ns.l|length }}"),
    ("macro", "{% macro m(a, b=2, c='x') %}{{ a }}-{{ b }}-{{ c }}{% endmacro %}{{ m(1) }} {{ m(1, 3) }} {{ m(1, c='z') }} {{ m(b=5, a=4) }} {{ m() }} {{ m(*[7, 8], **{'c': 9}) }}"),
    ("macro_space", "{%- macro m(x) -%}\n  [{{ x }}]\n{%- endmacro -%}\n{{ m(1) ~ m(2) | upper }}\n"),
    ("macro_default", "{% macro m(a, b=a + 1) %}{{ a }}{{ b }}{% endmacro %}{{ m(1) }}{{ m(1, b=none) }}"),
    ("macro_scope", "{% set x = 1 %}{% macro m() %}{{ x }}{% set x = 5 %}{{ x }}{% endmacro %}{{ m() }}{% set x = 2 %}{{ m() }}{{ x }}"),
    ("macro_loop_scope", "{% macro m() %}{{ i is defined }}{% endmacro %}{% for i in [1] %}{{ m() }}{% endfor %}"),
    ("macro_recursive", "{% macro f(n) %}{{ n }}{% if n > 0 %}{{ f(n - 1) }}{% endif %}{% endmacro %}{{ f(5) }}"),
    ("macro_varargs", "{% macro m(a) %}{{ a }}{{ varargs }}{{ kwargs }}{% endmacro %}{{ m(1, 2, 3, z=4) }}{{ m(1) }}"),
    ("macro_many", "{% macro m(a) %}{{ a }}{% endmacro %}{{ m(1, 2) }}"),
    ("macro_unknown", "{% macro m(a) %}{{ a }}{% endmacro %}{{ m(b=2) }}"),
    ("macro_result", "{% macro m() %} x {% endmacro %}{{ m()|trim ~ '!' }}{{ m() is string }}{{ m()|length }}{% set y = m() %}{{ y.strip() }}"),
    ("macro_before", "{{ m is defined }}{% macro m() %}{% endmacro %}{{ m is defined }}{{ m is callable }}{{ m }}"),
    ("macro_undefined_call", "{{ nope(1) }}"),
    ("macro_missing", "{% macro m(a) %}{{ a is defined }}{{ a|default('d') }}{% endmacro %}{{ m() }}"),
    ("call", "{% macro box(t) %}<{{ t }}:{{ caller() }}>{% endmacro %}{% call box('a') %}in{{ 1 }}{% endcall %}"),
    ("call_arguments", "{% macro each(l) %}{% for x in l %}{{ caller(x, loop.index) }}{% endfor %}{% endmacro %}{% call(x, i) each('ab') %}{{ i }}{{ x }},{% endcall %}"),
    ("call_optional", "{% macro m() %}{% if caller is defined %}{{ caller() }}{% else %}none{% endif %}{% endmacro %}{{ m() }}{% call m() %}c{% endcall %}"),
    ("call_refused", "{% macro m() %}x{% endmacro %}{% call m() %}c{% endcall %}"),
    ("filter_block", "{% filter upper|replace('A', 'b') %}a{{ 'c' }}{% endfilter %}"),
    ("with", "{% set a = 1 %}{% with a = 2, b = a %}{{ a }}{{ b }}{% set c = 3 %}{% endwith %}{{ a }}{{ c is defined }}{% with %}x{% endwith %}"),
    ("print", "{% print 1, 'a' %}"),
    ("generation", "{% for m in [1, 2] %}u{% generation %}\n {{ m }}{% set x = 1 %}\n{% endgeneration %}\n{{ x is defined }}{% endfor %}"),
    ("cycler", "{% set c = cycler('a', 'b') %}{{ c.next() }}{{ c.current }}{{ c.next() }}{{ c.next() }}{% set _ = c.reset() %}{{ c.next() }}"),
    ("joiner", "{% set j = joiner(' | ') %}{% for x in 'abc' %}{{ j() }}{{ x }}{% endfor %}"),
    ("generator_once", "{% set g = [1, 2]|map('string') %}{{ g|join }}{{ g|join }}{{ g|list }}"),
    ("generator_first", "{% set g = [1, 2, 3]|select %}{{ g|first }}{{ g|first }}{{ g|list }}"),
    ("generator_length", "{{ [1]|map('string')|length }}"),
    ("generator_last", "{{ [1]|map('string')|last }}"),
    ("generator_item", "{{ ([1]|map('string'))[0] }}x"),
    ("do_append", "{% set l = [] %}{% set _ = l.append(1) %}{{ l }}"),
    ("append_defined", "{% set l = [] %}{{ l.append is defined }}{{ l.append }}"),
    ("dict_update", "{% set d = {} %}{{ d.update({'a': 1}) }}"),
    ("dict_pop", "{{ {'a': 1}.pop('a') }}"),
    ("dict_key_named_like_method", "{{ {'pop': 1}.pop }}{{ {'pop': 1}['pop'] }}{{ {'title': 1}.title }}"),
    ("private_item", "{{ {'_x': 1}._x }}{{ {'__x': 1}['__x'] }}"),
    ("dunder", "{{ ''.__class__ }}{{ ''.__class__ is defined }}"),
    ("dunder_call", "{{ ''.__class__.__mro__ }}"),
    ("undefined_attribute", "{{ missing.x }}"),
    ("undefined_item", "{{ missing['x'] }}"),
    ("undefined_of_dict", "{{ {}.x }}{{ {}.x is defined }}"),
    ("undefined_deep", "{{ {}.x.y }}"),
    ("undefined_add", "{{ missing + 1 }}"),
    ("undefined_add_text", "{{ 'a' + missing }}"),
    ("undefined_less", "{{ missing < 1 }}"),
    ("undefined_tojson", "{{ missing|tojson }}"),
    ("undefined_none_attribute", "{{ none.x }}|{{ none.x is defined }}"),
    ("undefined_none_item", "{{ none['x'] }}"),
    ("undefined_in_text", "{{ missing in 'abc' }}"),
    ("undefined_int", "{{ missing|int }}"),
    ("undefined_dictsort", "{{ missing|dictsort }}"),
    ("undefined_inline_if", "{{ ('a' if false) is defined }}{{ 'a' if false }}"),
    ("undefined_inline_if_add", "{{ 'x' + ('a' if false) }}"),
    ("undefined_strip", "{{ missing.strip() }}"),
    ("undefined_upper", "{{ missing|upper }}{{ missing|trim }}{{ missing|replace('a', 'b') }}{{ missing|list }}{{ missing|sort }}"),
    ("undefined_loop_attribute", "{% for x in [1] %}{{ loop.nope }}{% endfor %}"),
    ("add_none", "{{ 'a' + none }}"),
    ("add_number", "{{ 'a' + 1 }}"),
    ("subtract_text", "{{ 'a' - 'b' }}"),
    ("compare_mixed", "{{ 'a' < 1 }}"),
    ("compare_none", "{{ none < 1 }}"),
    ("divide_zero", "{{ 1 / 0 }}"),
    ("modulo_zero", "{{ 1 % 0 }}"),
    ("in_number", "{{ 1 in 5 }}"),
    ("in_text_number", "{{ 1 in 'abc' }}"),
    ("length_number", "{{ 1|length }}"),
    ("length_none", "{{ none|length }}"),
    ("list_key", "{{ {[1]: 2} }}"),
    ("range_huge", "{{ range(100001)|length }}"),
    ("range_limit", "{{ range(100000)|length }}"),
    ("slice_zero", "{{ [1][::0] }}"),
    ("slice_number", "{{ 1[1:] }}|{{ 1[0] }}|{{ {'a': 1}[1:] }}"),
    ("call_text", "{{ 'a'() }}"),
    ("call_keyword", "{{ {}.get('a', default=1) }}"),
    ("call_keyword_strip", "{{ 'a'.strip(chars='a') }}"),
    ("call_keyword_split", "{{ 'a b c'.split(maxsplit=1) }}{{ 'a,b'.split(sep=',') }}{{ 'a'.splitlines(keepends=true) }}"),
    ("negative_list", "{{ -[1] }}"),
    ("test_symbol", "{{ 1 is == 1 }}"),
    ("call_wrong", "{{ 'a'.upper(1) }}"),
    ("split_empty", "{{ 'a'.split('') }}"),
    ("index_missing", "{{ 'a'.index('b') }}"),
    ("join_numbers", "{{ ','.join([1]) }}"),
    ("format_missing", "{{ '{} {}'.format(1) }}"),
    ("percent_few", "{{ '%s %s' % ('a',) }}"),
    ("percent_many", "{{ '%s' % ('a', 'b') }}"),
    ("raise", "{{ raise_exception('No!') }}"),
    ("raise_branch", "{% if false %}{{ raise_exception('No!') }}{% endif %}ok"),
    ("filter_unknown", "{{ 1|nope }}"),
    ("filter_unknown_in_if", "{% if false %}{{ 1|nope }}{% endif %}ok"),
    ("filter_unknown_run", "{% if true %}{{ 1|nope }}{% endif %}"),
    ("filter_unknown_in_loop", "{% if false %}{% for x in [1] %}{{ 1|nope }}{% endfor %}{% endif %}ok"),
    ("filter_unknown_inline", "{{ 1|nope if false else 'ok' }}"),
    ("test_unknown", "{{ 1 is nope }}"),
    ("test_unknown_in_if", "{% if false %}{{ 1 is nope }}{% endif %}ok"),
    ("tag_unknown", "{% nope %}"),
    ("tag_unclosed", "{% if true %}x"),
    ("tag_unopened", "x{% endif %}"),
    ("output_unclosed", "{{ 1 "),
    ("output_empty", "{{ }}"),
    ("comment_unclosed", "{# x"),
    ("bracket_wrong", "{{ (1] }}"),
    ("string_unclosed", "{{ 'a }}"),
    ("character_odd", "{{ 1 ? 2 }}"),
    ("set_constant", "{% set none = 1 %}"),
    ("chain_tests", "{{ 1 is number is string }}"),
    ("default_order", "{% macro m(a=1, b) %}{% endmacro %}"),
    ("keyword_order", "{{ dict(a=1, 2) }}"),
    ("trailing_text", "}} %} #} { % {"),
    ("unicode_names", "{% set größe = 1 %}{{ größe }}{% set 名 = 2 %}{{ 名 }}"),
    ("tojson_number", "{{ 1e16|tojson }} {{ 123456789.123|tojson }} {{ -0.0|tojson }}"),
    ("tojson_macro", "{% macro m() %}{% endmacro %}{{ m|tojson }}"),
    ("test_filter_mix", "{{ [1, 2]|select('in', [2, 3])|list }}{{ [[1], 'a', {}]|select('mapping')|list }}{{ ['a', 1]|reject('string')|list }}"),
    ("messages", "{% for message in messages %}{{ '<|' + message['role'] + '|>\n' + message.content | trim + '<|end|>\n' }}{% endfor %}", {"messages": [{"role": "user", "content": " hi "}, {"role": "assistant", "content": "yo"}]}),
    ("precedence", "{{ 'a' ~ 'b' | upper }}{{ ('a' ~ 'b') | upper }}{{ 1 + 2 ~ 3 }}{{ not 1 == 2 }}{{ 2 * 3 | string }}{{ -1 | string }}{{ 1 if true else 2 | string }}"),
    ("call_result_chain", "{{ 'a b'.split()[1].upper()[0] }}{{ {'k': [{'v': 'x'}]}['k'][0].v }}"),
    ("nested_quotes", """{{ "a'b" ~ 'c"d' ~ 'e\\'f' }}"""),
    ("long_elif_scope", "{% if x is not defined %}{% set x = 'd' %}{% endif %}{{ x }}{% if y is not defined %}{% set y = 'd' %}{% endif %}{{ y }}", {"y": "given"}),
]

MIXED = [
    "{% set x='a' %}{% for i in [1,2] %}{% if i==2 %}{{ x }}{% endif %}{% set x='b' %}{% endfor %}{{x}}",
    '{% macro a(x) %}{{ b(x) }}{% endmacro %}{% macro b(x) %}<{{x}}>{% endmacro %}{{ a(1) }}',
    '{% macro a() %}{{ y }}{% endmacro %}{% set y = 3 %}{{ a() }}',
    '{% for m in [1,2,3] %}{% set ns = namespace(v=m) %}{{ ns.v }}{% endfor %}',
    '{{ \'a\\nb\'.split(\'\\n\') }}{{ "x".split(None) }}',
    "{% set a %}x{% endset %}{{ a is string }}{{ a + 'y' }}",
    '{% if x is defined and x.y %}1{% else %}2{% endif %}',
    '{{ [1,2,3][-1:] }}{{ [1,2,3][:2] | tojson }}',
    "{{ 'abc'[1] ~ 'abc'[-1] }}{{ ('a', 'b') | join('-') }}",
    "{{ {'a': none} | tojson }}{{ {'a': {'b': [1,2,{'c': 'é'}]}} | tojson(indent=4) }}",
    '{{ 1.0 * 3 }}{{ 10 // 3.0 }}{{ 2**63 }}{{ 7 % 2.5 }}',
    "{%- for k in {'b':1,'a':2}|sort -%}{{k}}{%- endfor -%}",
    "{{ 'x' if none is none else 'y' }}{{ none == false }}{{ 0 == false }}{{ '' == false }}",
    "{{ ' a '.strip() == 'a' }}{{ 'A'.lower() in ['a'] }}{{ 'abc' | first }}{{ [[1,2],[3]] | sum(start=[]) }}",
    '{% set d = dict(a=1) %}{{ dict(d, b=2) }}{{ d | length }}',
    '{{ loop }}',
    '{{ caller }}',
    '{{ varargs }}',
    '{% macro m(caller=none) %}{{ caller is none }}{% endmacro %}{{ m() }}',
    "{% macro m() %}{{ kwargs.get('z') }}{{ kwargs|length }}{% endmacro %}{{ m(z=1, y=2) }}",
    "{{ [3,1]|sort|first }}{{ 'b,a'.split(',')|sort|join }}{{ (1,2)|last }}",
    "{{ 'a' in 'abc' and 'z' not in 'abc' or false }}",
    "{{ (none or {}).get('x', 'd') }}",
    "{{ 'a%sb' % 1 }}{{ '%s' % [1,2] }}{{ '%s and %s' % ('a', none) }}",
    "{{ '%d%%' % 5 }}",
    "{{ 'x'|indent(2, True) }}{{ 'x\n\ny'|indent(first=true) }}",
    "{% for a in 'ab' %}{% for b in 'cd' %}{{ loop.index }}{{ a }}{{ b }}{{ ',' if not loop.last }}{% endfor %}{{ loop.last }}{% endfor %}",
    '{% filter trim %}  x {% endfilter %}y',
    "{{ 'Hello'[::-1] }}{{ 'Hello'[4:0:-2] }}{{ range(3)|reverse|list }}",
    '{{ 5 is divisibleby 5 and 3 is odd }}',
    "{{ {'a':1}.items()|list }}{{ {'a':1}|items|first }}",
    "{{ 'a'|upper is upper }}{{ not 'a' is upper }}",
    '{{ -5|abs }}{{ (-5)|abs }}{{ - 5 ** 2 }}',
    "{{ true + true }}{{ true * 3 }}{{ true ~ '' }}{{ 1 < true }}{{ [true, 1]|unique|list }}",
    "{{ '1' * true }}",
    "{{ 3|string + '4' }}",
    '{{ [1]|string|length }}',
    "{{ 'a' < 'B' }}{{ 'é' > 'z' }}",
    "{{ 1e3|int }}{{ '12abc'|int(-1) }}{{ '1e3'|int }}{{ '0b11'|int(0, 2) }}{{ '٣'|int }}",
    '{% set x = 1 if false %}{{ x is defined }}{{ x }}',
    '{% set _ = namespace() %}{% set _.a = 1 %}{{ _.a }}',
    "{{ x.y.z if x is defined else 'n' }}",
    "{{ {} is mapping }}{{ [] is sequence }}{{ '' is iterable }}",
    "{{ ('a' ~ 'b').upper() }}{{ ('a' + 'b') | length }}{{ 'a' ~ ('b' if true) }}",
    '{% for x in [1,2,3] if x != 2 %}{{ loop.index0 }}{{ x }}{{ loop.previtem }}{% endfor %}',
    '{% for x in [] %}{% else %}{{ loop is defined }}{% endfor %}',
    "{{ 'İ'.lower()|length }}{{ 'ß'.upper() }}{{ 'ΑΣ'.lower() }}",
    "{{ 'a\xa0b'.split() }}{{ '\u3000x\u3000'.strip() }}{{ 'a\x1fb'.split() }}{{ '\u200bx'.strip()|length }}",
    '{{ 123456789012345678901234567890 % 97 }}{{ -7 // 2 }}{{ 7.0 // 2 }}{{ 1/3 }}{{ 2/3*3 }}{{ 100*1.1 }}',
    "{{ 'abc'|replace('b', none) }}{{ 'x'|default }}{{ ''|default('d') }}{{ false|default('d', true) }}",
    "{{ [{'a': 1}, {'a': 2}]|map(attribute='a')|sum }}{{ [{'a': {'b': 1}}]|map(attribute='a.b')|list }}",
    "{{ ['a','b']|map('upper')|join(',') }}{{ [1,2,3]|select('gt', 1)|list }}{{ ['', 'a']|reject('equalto', '')|list }}",
    "{{ [1,2,3]|map('string')|map('length')|list }}{{ [[1,2],[3]]|map('first')|list }}{{ [[2,1]]|map('sort')|list }}",
    "{{ {'x': 1, 'y': 2}|dictsort|map('last')|list }}{{ {'x': {'q': 1}}.x.q }}{{ {1: 'a'}[1] }}{{ {'1': 'a'}[1] is defined }}",
    "{{ 'a'|batch(2)|list }}",
    '{{ [1,2,3]|slice(2)|list }}',
    '{{ [1,2]|slice(-1)|list }}',
    "{{ '{:d}'.format(1.5) }}",
    "{{ '{:.3}'.format('abcdef') }}{{ '{:>{}}'.format('a', 3) }}{{ '{0:>4}{0:<3}|'.format(7) }}{{ '{:b}'.format(5) }}{{ '{!s:>3}'.format(1) }}{{ '{:,}'.format(1234.5) }}{{ '{:_}'.format(12345) }}",
    "{{ '{:c}'.format(65) }}{{ '{:#x}'.format(255) }}{{ '{:08.3f}'.format(-3.14159) }}{{ '{:+.1e}'.format(0.000123) }}{{ '{:^+9}'.format(5) }}{{ '{:n}'.format(5) }}",
    "{{ '{:g}'.format(1e-5) }}{{ '{:g}'.format(123456789.0) }}{{ '{:.2g}'.format(0.00012345) }}{{ '{:.10}'.format(1/3) }}{{ '{:.3}'.format(1234.5) }}{{ '{:5}|'.format(true) }}{{ '{}'.format([1,'a']) }}",
    "{{ '%5.1f|%-8s|%+d|%x|%o|%e' % (3.14159, 'ab', 5, 255, 8, 12345.678) }}{{ '%s' % missing }}{{ '%05d' % -42 }}{{ '%.3s' % 'abcdef' }}{{ '%g' % 1e20 }}{{ '%i' % 7 }}",
    "{{ 2.5|round|int }}{{ 1.005|round(2) }}{{ -2.5|round }}{{ 1e20|round }}{{ 25|round(-1) }}{{ 15|round(-1) }}{{ 2.0|round(1) }}{{ 7|round(1, 'ceil') }}",
    '{{ \'foo bar\'|title }}{{ \'foo-bar\'|title }}{{ "they\'re"|title }}{{ \'ÀÉ x\'|title }}{{ \'x\'|center(5) }}|',
    "{{ 'a b c d e f'|truncate(5) }}{{ 'abcdefghijklmnop'|truncate(5, leeway=0) }}{{ 'abc'|wordcount }}",
    "{{ [1, [2, [3]]]|string }}{{ {'a': (1,)} }}{{ ((),) }}{{ [missing] }}{{ {'k': missing} }}",
    "{{ missing ~ 'a' }}{{ missing == '' }}{{ missing != missing }}{{ missing is none }}{{ missing or 'x' }}{{ missing and 'x' }}|{{ not missing }}",
    "{{ 'a' if missing else 'b' }}{{ [missing]|length }}{{ missing|string == '' }}{{ missing|int(5) }}",
]

FEATURES = [(f"expression {i}: {e}", "{% for x in [" + e + "] %}{{ x }}\n{% endfor %}", DATA) for i, e in enumerate(EXPRESSIONS)]
FEATURES += [entry if len(entry) == 3 else (*entry, {}) for entry in BLOCKS]
FEATURES += [(f"mixed {i}", template, {}) for i, template in enumerate(MIXED)]
