"""Programs on the core of the language, by construct; go-jsonnet 0.22 gives the expected values."""
# ruff: noqa: E501  # a program a line, as it would be typed

LITERALS = r"""
null
true
1.5e3
"a\u00e9\n\"'\\"
'it''s'
@"a\b""c"
|||
  two
    lines
|||
[]
{}
[1, "a", null, [true]]
{a: {b: {c: []}}}
1e308
-0.5
0.1
1e-7
123456789012345680000
{"é": 1, "z": 2, "a": 3, "Z": 4, "_": 5}
"\u0000\u001f\u007f\u0080"
"😀"
["\u2028"]
""".strip()

ARITHMETIC = """
1 + 2 * 3 - 4 / 5
(1 + 2) * 3
7 % 3
-7 % 3
7 % -3
7.5 % 2
5 % 0
1 / 0
0 / 0
1e308 * 10
-1e308 - 1e308
1e999
1 << 3
1 << 64
1 << 63
1 << 62
1 << 65
-1 >> 1
8 >> 1
1 << -1
1 >> -1
5 & 3
5 | 3
5 ^ 3
~5
~-1
~1.9
5.9 & 3.9
9007199254740992 & 1
9007199254740991 & 1
-9007199254740991 | 0
~1e300
~9223372036854775807
1 & "a"
1 - "a"
"a" - 1
null * 2
[1] * 2
true / 2
-"a"
+true
+1
-(-1)
!true
!!false
!1
!null
~null
- -1
1 - -1
0.1 + 0.2
1e15 + 0.3
2 * 3 % 4
10 - 2 - 3
100 / 10 / 5
1 | 2 ^ 3 & 4
1 + 1 == 2 && 2 * 2 == 4
1 < 2 == true
-0 == 0
1 / 3
""".strip()

STRINGS = """
"a" + "b"
"a" + 1
1 + "a"
"a" + 1.5
"" + 0.1
"" + 1e21
"" + 1e-7
"" + -0
"" + 1e300
"" + 123456.789
null + "a"
"a" + null
"a" + true
"a" + [1, "b", null]
"a" + {b: 1, a: [true], c: {}}
"a" + []
"" + {}
"" + [[], {}]
[1] + "a"
{a: 1} + "a"
"a" + (function(x) x)
"" + {a: "q\\"uote\\n", b: "\\u0001\\u007f\\u0085é"}
"" + {a:: 1, b: 2}
"abc"[0]
"abc"[2]
"abc"[3]
"abc"[-1]
"abc"[1.9]
"abc"["a"]
"aé😀b"[2]
"aé😀b"[3]
"abc".length
"abc"[null]
"a" < "b"
"a" < "B"
"é" < "z"
"abc" < "abcd"
"" < "a"
"a" <= "a"
"a" > "b"
"b" >= "a"
"a" == "a"
"a" != "b"
"\\uffff" < "😀"
"%d items" % 5
"%s" % "x"
"%s and %s" % ["a", 1]
"%(a)s" % {a: 2}
"a" % 1
1 % "a"
[1] % 2
"%5.2f|%-5s|%05d|%x" % [3.14159, "ab", 42, 255]
"%d" % "x"
"%d" % []
""".strip()

COMPARISON = """
1 < 2
2 <= 2
1 > 2
1 >= 2
1 == 1.0
1 != 2
1 == "1"
null == null
null == false
true == true
true != false
true < false
null < null
1 < "a"
[1, 2] == [1, 2]
[1, 2] == [2, 1]
[1] == [1, 2]
[] == []
[] == {}
{} == {}
{a: 1} == {a: 1}
{a: 1, b: 2} == {b: 2, a: 1}
{a: 1} == {a: 2}
{a: 1} == {b: 1}
{a: 1, h:: 5} == {a: 1, h:: 6}
{a: 1, h:: 5} == {a: 1}
{a: {b: [1]}} == {a: {b: [1]}}
{a: 1, b: error "x"} == {a: 2, b: error "x"}
{a: 1, b: error "x"} == {a: 1, b: 1}
[1, error "x"] == [2, error "x"]
[1, error "x"] == [1, error "x"]
[error "x"] == []
(function(x) x) == (function(x) x)
(function(x) x) == 1
[function(x) x] == [1]
[function(x) x] == [function(x) x]
std.length == std.length
std.length == (function(x) x)
[1, 2] < [1, 3]
[1, 2] < [1, 2, 3]
[] < [1]
[2] > [1, 9]
[1] < ["a"]
["a"] < ["b"]
[[1], 2] < [[1], 3]
[null] < [null]
[true] <= [true]
{} < {}
[1, error "x"] < [2, error "x"]
[1, 2] <= [1, 2]
[1, 2] >= [1, 2]
{assert false} == {}
{assert false, a: 1} == {a: 1}
""".strip()

LOGIC = """
true && false
true && true
false && error "x"
true && error "x"
true || error "x"
false || error "x"
false || true
1 && true
true && 1
false || 1
null || true
true || 1
false && 1
"a" || true
if true then 1 else 2
if false then 1 else 2
if false then 1
if 1 then 2
if null then 1 else 2
if "a" then 1 else 2
if true then 1 else error "x"
if false then error "x" else 2
if true then if false then 1 else 2 else 3
(if true then [1] else [2])[0]
local x = if 1 < 2 then "a" else "b"; x + x
1 == 1 || error "no"
!(1 == 2) && !(2 == 3)
""".strip()

LOCALS = """
local x = 1; x
local x = 1, y = x + 1; y
local y = x + 1, x = 1; y
local x = 1; local x = x + 1; 2
local x = error "a"; 1
local x = error "a"; x
local x = x; x
local x = y, y = x; x
local f(n) = if n == 0 then 1 else n * f(n - 1); f(10)
local even(n) = if n == 0 then true else odd(n - 1), odd(n) = if n == 0 then false else even(n - 1); even(51)
local x = 1; local y = 2; local z = x + y; [x, y, z]
local x = 1; (local x = 2; x) + x
local a = [x, x], x = 5; a
local o = {a: p.b}, p = {b: 1}; o.a
local x = {a: x.b, b: 3}; x.a
local std = {length: function(x) 99}; std.length([1])
local x = 1; {a: x, b: local x = 2; x, c: x}
local x = [1, 2, 3]; [x[0], local y = x[1]; y, x[2]]
local f = function(x) local y = x * 2; local z = y + x; [x, y, z]; f(3)
local a = 1, b = [a, c], c = {d: b[0]}; c.d
[local x = 1; x, local x = 2; x]
local f(x) = x; local g = f; g(3)
local x = "a", y = x + x, z = y + y; z
""".strip()

FUNCTIONS = """
(function(x) x + 1)(2)
(function() 1)()
(function(x, y=2) x + y)(1)
(function(x, y=2) x + y)(1, 5)
(function(x, y=2) x + y)(y=1, x=2)
(function(x=1, y=x) [x, y])()
(function(x=1, y=x) [x, y])(5)
(function(x=y, y=2) [x, y])()
(function(x=y, y=x) [x, y])()
(function(x=y, y=x) [x, y])(1)
(function(x, y) x)(1)
(function(x) x)(1, 2)
(function(x) x)(y=1)
(function(x) x)(1, x=2)
(function(x, y) [x, y])(1, y=2)
(function(x) 1)(error "a")
(function(x) x)(error "a")
(function(x) 1)(error "a") + 1
1(2)
"a"()
null()
{}()
local f(x) = x; f
[function(x) x]
{f: function(x) x}
{f:: function(x) x}
{f(x): x}
{f(x):: x, a: self.f(3)}
{f(x)::: x}
local f(x, y=x * 2, z=y + 1) = [x, y, z]; f(1)
local f(x, y=x * 2, z=y + 1) = [x, y, z]; f(1, z=0)
local f(a, b=error "no") = a; f(1)
local compose(f, g) = function(x) f(g(x)); compose(function(x) x + 1, function(x) x * 2)(5)
local curry = function(a) function(b) function(c) [a, b, c]; curry(1)(2)(3)
local f = function(x) if x > 0 then f(x - 1) else "done"; f(100)
local loop(n, acc) = if n == 0 then acc else loop(n - 1, acc + n) tailstrict; loop(1000, 0)
local loop(n) = if n == 0 then 0 else loop(n - 1) tailstrict; loop(100000)
local f(x) = 1; f(error "a") tailstrict
local f(x, y) = x; f(1, y=error "a") tailstrict
local f(x, y=error "d") = x; f(1) tailstrict
local f(x) = x; f(5) tailstrict
local f(x) = x; [f(5) tailstrict, 1 + f(2) tailstrict]
local loop(n, acc=0) = if n == 0 then acc else loop(n=n - 1, acc=acc + 1) tailstrict; loop(2000)
local a(n) = if n == 0 then "a" else b(n - 1) tailstrict, b(n) = if n == 0 then "b" else a(n - 1) tailstrict; a(3001)
local sum(n) = if n == 0 then 0 else n + sum(n - 1); sum(400)
local f(x) = f(x) + 1; f(1)
local f(a, a) = a; f(1, 2)
local f(a) = a; f(a=1, a=2)
local f(a=1, b) = b; f(b=2)
local f(a=1, b) = b; f(2)
std.length(function(x, y=1, z) x)
std.length(x=[1, 2])
std.length([1], [2])
std.length(y=[1])
std.length()
(std.length)([1, 2, 3])
local l = std.length; l("abcd")
local s = std; s.length("abc")
std["length"]("ab")
std.nothing
std.nothing(1)
std.type(std)
std.length(std) > 100
std.objectFields(std)
std.map(std.length, ["a", "bc"])
std.map(function(x) x * 2, [1, 2, 3])
std.makeArray(3, function(i) i * i)
std.foldl(function(a, b) a + b, [1, 2, 3], 0)
std.filter(function(x) x > 1, [1, 2, 3])
std.sort([3, 1, 2], function(x) -x)
std.foldl(function(acc, x) acc + {[x]: 1}, ["a", "b"], {})
(function(x) x)(function(y) y)(5)
function(x) x
function(x=1) x
function() {a: 1}
""".strip()

ARRAYS = """
[1, 2][0]
[1, 2][1]
[1, 2][2]
[1, 2][-1]
[1, 2][0.9]
[1, 2]["a"]
[1, 2].a
[error "x", 1][1]
[error "x", 1][0]
[1, error "x"]
[1] + [2, 3]
[1] + 2
[] + []
[error "x"] + [1]
([error "x"] + [1])[1]
[1, 2, 3][0:2]
[1, 2, 3][1:]
[1, 2, 3][:2]
[1, 2, 3][::2]
[1, 2, 3][-2:]
[1, 2, 3][:-1]
[1, 2, 3][5:]
[1, 2, 3][2:1]
[1, 2, 3][::0]
[1, 2, 3][::-1]
"hello"[1:3]
"hello"[::2]
{}[0:1]
[error "x", 2][1:][0]
local a = [a[1], 2]; a
local a = [a[0]]; a
local a = [1, 2, 3]; a[a[0]]
[[1, 2], [3, 4]][1][0]
null[0]
1[0]
true["a"]
(function(x) x)[0]
""".strip()

OBJECTS = """
{a: 1, b: 2}
{a: 1}.a
{a: 1}["a"]
{a: 1}.b
{a: 1}["b"]
{a: 1}[1]
{}["a"]
{"a b": 1}["a b"]
{a: self.b, b: 1}
{a: self.c}
{a: 1, b: {c: self.d, d: 2}}
{a: 1, b: {c: $.a}}
{a: 1, b: {a: 2, c: {d: $.a, e: self.f, f: 3}}}
local o = {x: 1, y: $.x}; {z: o.y}
{["a" + "b"]: 1}
{[null]: 1, b: 2}
{[1]: 1}
{[true]: 1}
{[error "x"]: 1}
{["a"]: 1, ["a"]: 2}
{["a"]: 1, a: 2}
{[if true then "x"]: 1, [if false then "y"]: 2}
{[if true then null else "a"]: error "x"}
{a: {[self.b]: 1}, b: "c"}
{a: {[$.b]: 1}, b: "c"}
{a: error "x"}
{a:: error "x"}
{a:: error "x", b: 1}
{a:: 1, b: self.a}
{a::: 1}
{a: 1, b:: 2, c::: 3}
{a:: 1} + {a: 2}
{a:: 1} + {a::: 2}
{a: 1} + {a:: 2}
{a::: 1} + {a: 2}
{a::: 1} + {a:: 2}
{a:: 1} + {a: 2} + {a: 3}
{a: 1} + {b: 2}
{a: 1} + {a: 2}
{a: 1} {a: 2}
{a: 1, b: self.a} + {a: 2}
{a: 1, b: $.a} + {a: 2}
{a: {b: 1}} + {a: {c: 2}}
{a: {b: 1}} + {a+: {c: 2}}
{a: {b: 1}} + {a+: {b+: 2}}
{a: [1]} + {a+: [2]}
{a: "x"} + {a+: "y"}
{a: 1} + {a+: 2}
{a: 1} + {a+: "2"}
{a: 1} + {a+: []}
{a+: 1}
{a+: {b: 1}}
{a:: 1} + {a+: 2}
{a: 1} + {a+:: 2}
{a:: 1} + {a+::: 2}
{a: 1} + {["a"]+: 2}
{a: 1, b+: 3} + {b: 2}
{a: error "x"} + {a: 1}
{a: error "x"} + {a+: 1}
{a: 1} + {a+: error "y"}
{a: error "x"} + {a+: error "y"}
{a: 1} + {b: super.a}
{a: 1} + {a: super.a + 1}
{a: 1} + {a: super.b}
{a: super.b}
{a: super["b"]}
{a: 1} + {b: super["a"]}
{a: 1} + {b: super[1]}
{a: 1} + {b: "a" in super}
{a: 1} + {b: "c" in super, d: "b" in super}
{a: "a" in super}
{a: 1 in super}
{a: 1} + {a: super.a + 1} + {a: super.a * 10}
{a: 1, b: self.a} + {b: super.b + 1, a: 5}
{a: 1} + {local s = super.a, a: s + 1}
{a: {b: super.c}}
{a: 1} + {b: {c: super.a}}
{a: 1} + {b: {a: 2} + {c: super.a}}
{a: 1} + {b: [super.a, self.a]}
{a: 1} + {f(x):: super.a + x, b: self.f(2)}
{a: 1, b: 2} + {a: 10, c: super.b + super.a + self.a}
local A = {x: 1, y: self.x}, B = {x: 2}, C = {y: super.y + 1}; A + B + C
local A = {x: 1, y: self.x}, B = {x: 2}, C = {y: super.y + 1}; A + (B + C)
local o = {a: 1}; o {b: 2} {c: self.a + self.b}
local o = {a: 1, b+: {c: 1}}; o + o
local o = {a+: 1}; {a: 1} + o + o + o
local o = {a: 1, b: super.a}; o + o
{local x = 1, a: x}
{local x = self.b, a: x, b: 2}
{local x = y, local y = 3, a: x}
{local x = 1, a: x} + {local x = 2, b: x}
{local x = self.b, a: x, b: 1} + {b: 2}
{local f(x) = x + $.k, a: f(1), k: 10}
{local x = error "q", a: 1}
{local a = 1, a: a, b: self.a}
local x = 5; {x: x, y: self.x}
{a: local b = self.c; b, c: 3}
{a: [self.b, $.b], b: 1}
{a: {b: {c: $.d}}, d: 4}
{a: (function(x) self.b + x)(1), b: 2}
local o = {n: 5, f(x): o.n + x}; o.f(1)
local o = {n: 5, f(x):: self.n + x}; (o {n: 6}).f(1)
{a: self}.a.a.a
{a: self}
{a: {b: self.a}}
{a: self.a}
{a: self.b, b: self.a}
{a: $}
"a" in {a: 1}
"b" in {a: 1}
"a" in {a:: 1}
1 in {a: 1}
"a" in [1]
"a" in null
{a: 1, assert true}
{a: 1, assert self.a == 1}
{a: 1, assert self.a == 2}
{a: 1, assert self.a == 2 : "msg"}
{a: 1, assert self.a == 2 : "msg" + self.a}
{a: 1, assert error "x"}
{assert false : error "y"}
{assert 1}
{assert null : "x"}
{assert true : 1 / 0}
{assert false : 5}
({a: 1, assert false}).a
std.length({a: 1, assert false})
std.objectHas({a: 1, assert false}, "a")
{a: 1, assert self.a > 1} + {a: 2}
{a: 2, assert self.a > 1} + {a: 1}
{a: 1, assert super.b == 2}
{b: 2} + {a: 1, assert super.b == 2}
{assert self.x} + {x: true}
{assert self.x} + {x: false}
{assert $.a.b == 1, a: {b: 1}}
{a: {assert false}}
{a:: {assert false}, b: 1}
local o = {assert self.ok, ok: true, v: 1}; [o.v, o.ok]
{a: 1, b: {assert $.a == 1, c: 2}}
{assert std.length(self) == 1, a: 1}
{a: 1} + {a:: super.a}
({a: 1, b: 2} + {a:: super.a}).a
{a: 1} + 1
1 + {a: 1}
null + {a: 1}
{a: 1} + null
{a: 1} - {a: 1}
{a: {b: 1}} {a+: {c: 2}} {a+: {d: self.b + self.c}}
{a: 1} + {["b" + x]: x for x in ["1", "2"]}
local base = {name: "x", greet: "hi " + self.name}; [base, base {name: "y"}, base + {name: super.name + "z"}]
std.objectRemoveKey({a: 1, b: 2}, "a")
std.objectRemoveKey({a: 1, b: self.a}, "a")
({c: 0} + std.objectRemoveKey({a: 1, b: self.a}, "a")) + {a: 5}
std.objectRemoveKey({a: 1} + {b: super.a}, "a")
({a: 0} + std.objectRemoveKey({a: 1, b: 2}, "a")).a
std.objectRemoveKey(std.objectRemoveKey({a: 1, b: 2, c: 3}, "a"), "c")
std.objectRemoveKey({a: 1}, "a") + {b: super.a}
""".strip()

COMPREHENSIONS = """
[x for x in [1, 2, 3]]
[x * 2 for x in [1, 2, 3] if x > 1]
[x for x in [1, 2, 3] if x > 1 if x < 3]
[[x, y] for x in [1, 2] for y in ["a", "b"]]
[[x, y] for x in [1, 2, 3] if x != 2 for y in [x, x + 10] if y > 1]
[y for x in [[1, 2], [3]] for y in x]
[x for x in []]
[x for x in [error "a", 1]]
[1 for x in [error "a", 1]]
[x for x in 5]
[x for x in "abc"]
[x for x in {a: 1}]
[x for x in null]
[x for x in [1] if 1]
[x for x in [1] if null]
[error "z" for x in [1, 2]][0:0]
std.length([error "z" for x in [1, 2]])
[x for x in [1, 2] if error "q"]
[local y = x + 1; y * y for x in [1, 2]]
[x for x in [x for x in [1, 2]]]
local x = 9; [x for x in [x]]
[function(y) x + y for x in [1, 2]][1](10)
[{a: x, b: self.a} for x in [1, 2]]
{[x]: 1 for x in ["a", "b"]}
{[x]: x + x for x in ["a", "b"] if x != "a"}
{[x + y]: [x, y] for x in ["a", "b"] for y in ["c", "d"]}
{["k" + x]: x for x in [1, 2, 3]}
{[x]: 1 for x in ["a", "a"]}
{[x]: 1 for x in [1]}
{[x]: 1 for x in [null, "b"]}
{[null]: 1 for x in [1, 2]}
{[x]: error "e" for x in ["a"]}
std.objectFields({[x]: error "e" for x in ["a"]})
{[x]: 1 for x in []}
{[x]: self.z for x in ["a"]} + {z: 5}
{[x]: $ for x in []}
{[x]: std.length(self) for x in ["a", "b"]}
{[x]: std.length($) for x in ["a", "b"]}
{local y = x + "!", [x]: y for x in ["a", "b"]}
{[x]: y, local y = x + "!" for x in ["a", "b"]}
{local y = self.a, [x]: y for x in ["b"]} + {a: 7}
{[x]+: 1 for x in ["a", "b"]}
{a: 5} + {[x]+: 1 for x in ["a", "b"]}
{a: 5} + {[x]: super.a for x in ["b", "c"]}
{a: 5} + {[x]: super.a + 1 for x in ["a", "b"]}
{a: 5} + {[x]: "a" in super for x in ["b", "a"]}
{a: 5} + {[x]: "b" in super for x in ["b", "a"]}
{a: 5} + {[x]: super.b for x in ["b", "a"]}
({a: 5} + {[x]: super.b for x in ["b", "a"]}).a
{[x]:: 1 for x in ["a"]}
{[x]::: 1 for x in ["a"]}
{[x](y): y for x in ["a"]}.a(3)
{[x]: {[y]: x + y for y in ["c"]} for x in ["a", "b"]}
{a: {[k]: $.b for k in ["x"]}, b: 3}
{[x.k]: x.v for x in [{k: "a", v: 1}, {k: "b", v: 2}]}
{[k]: {n: k, m: self.n} for k in ["a", "b"]} + {a+: {z: 1}}
[{[k]: x for k in ["a"]} for x in [1, 2]]
[x + y for x in [1, 2] for y in [x * 10]]
{[x]: 1 for x in ["a"] if error "no"}
{[error "n"]: 1 for x in ["a"]}
{["a"]: x for x in [1]}
[i for i in std.range(1, 5) if i % 2 == 1]
local o = {a: 1, b: 2}; {[k]: o[k] * 2 for k in std.objectFields(o)}
local o = {[k]: k for k in ["a", "b"]}; o + o
local o = {[k]: k for k in ["a", "b"]}; (o + {c: super.a}).c
""".strip()

ERRORS = """
error "msg"
error 5
error {a: 1}
error null
error error "inner"
error [1, "a"]
assert true; 1
assert false; 1
assert 1 == 2 : "math"; 1
assert true : error "unused"; 2
assert "a"; 1
assert null; 1
local x = error "deep"; {a: {b: [x]}}
{a: 1 / 0}
[1, [2, [error "x"]]]
local f(x) = error "in f " + x; f("y")
local f(x) = f(x + 1); f(0)
local a = {b: a.c, c: a.b}; a
local f = f; f(1)
(error "x")(1)
(error "x").a
error "%d" % 5
if error "c" then 1 else 2
[error "x" for x in [1]]
{[error "n"]: 1}
local x = {a: error "lazy", b: 1}; x.b
local x = [error "lazy", 1]; x[1]
std.length(error "x")
{a: "x", b: self.a.c}
{a: {}, b: self.a.c.d}
local l = [1, 2]; l[l]
{}.a.b
""".strip()

MORE = """
local Person = {name: "x", full: "I am " + self.name}; [Person, Person {name: "y"}]
local mixin = {port+: 1}; ({port: 80} + mixin + mixin).port
local f(x) = {a: x, b: $.a}; f(1) + {a: 2}
local f(x) = {a: x, b: self.a}; {r: f(1) {a: 3}}
{a: {x: 1}, b: self.a + {y: self.x}}
{a: {x: 1}, b: $.a {x: 2}, c: $.a.x}
{local outer = self, a: 1, b: {a: 2, c: outer.a}}
{a: 1, b: {local me = self, x: me.y, y: $.a}}
local o = {a: {b: {c: 1}}}; o + {a+: {b+: {d: $.a.b.c}}}
local deep = {a: {b: {c: {d: 1}}}}; deep {a+: {b+: {c+: {d+: 1}}}}
{a: [1, 2, 3], b: [x * 2 for x in self.a]}
{a: 3, b: [self.a for x in [1, 2]]}
{f: (function(n) if n == 0 then [] else [n] + $.g(n - 1)), g(n):: self.f(n)}.g(3)
local fib(n) = if n < 2 then n else fib(n - 1) + fib(n - 2); fib(15)
local list(n) = if n == 0 then null else {v: n, next: list(n - 1)}; list(20)
local len(l) = if l == null then 0 else 1 + len(l.next), list(n) = if n == 0 then null else {v: n, next: list(n - 1)}; len(list(50))
local infinite(n) = {v: n, next: infinite(n + 1)}; infinite(0).next.next.next.v
local ones = [1] + ones; 1
local ones = {v: 1, rest: ones}; ones.rest.rest.v
local tree = {l: {v: 1}, r: {v: self.w, w: 2}}; tree.l.v + tree.r.v
local f(o) = o {x+: 1}; f(f(f({x: 0})))
local apply(f, n, x) = if n == 0 then x else apply(f, n - 1, f(x)); apply(function(o) o {x+: [n], local n = std.length(super.x)}, 5, {x: []})
std.foldl(function(a, b) a + b, [{a: 1}, {b: 2}, {a+: 5}], {})
local a = {x: self.y}, b = {y: self.z}, c = {z: 3}; a + b + c
local a = {x: super.x + 1}, base = {x: 0}; base + a + a + a
local a = {x: super.x + 1, y: super.x}, base = {x: 0}; base + a + a
local a = {x+: {y+: 1}}; {x: {y: 1}} + a + a
{a: {b:: 1, c: self.b}} + {a+: {b: 2}}
{a:: {b: 1}} + {a+: {c: 2}}
({a:: {b: 1}} + {a+: {c: 2}}).a
{["a"]:: 1, b: self.a}
{a: 1, ["b"]: self.a, [if self_ then "c"]: 2, local self_ = true}
local t = true; {a: 1, ["b"]: self.a, [if t then "c"]: 2}
{local k = "a", [k]: 1}
local k = "a"; {[k]: 1, b: self[k]}
{a: 1, b: self["a"], c: $["a"]}
local x = 3; {["f" + i]: i * x for i in [1, 2]}
[if x > 1 then "big" else "small" for x in [1, 2]]
local xs = [1, 2, 3]; [xs[i] + i for i in [0, 1, 2]]
local a = [b[0] + 1], b = [1]; a
std.type(null) + std.type(true) + std.type(1) + std.type("") + std.type([]) + std.type({}) + std.type(function() 1)
local f = function(x, y=x) function() [x, y]; f(1)()
local f(g=function(x) x * 2) = g(4); f()
local f(g=function(x) x * 2) = g(4); f(function(x) x)
local rec = {f(n): if n == 0 then "end" else self.f(n - 1)}; rec.f(50)
local obj = {a: 1, b: 2, c: 3}; [obj[k] for k in ["c", "a"]]
{a: 1, b: if self.a == 1 then {c: 2} else {d: 3}}
{a: 1} == {a: 1} && {a: 1} != {a: 2}
"a" == "a" && ["a"] == ["a"]
std.objectFields({b: 1, a: 2, c:: 3})
std.objectFieldsAll({b: 1, a: 2, c:: 3})
std.objectHas({a:: 1}, "a")
std.objectHasAll({a:: 1}, "a")
std.mapWithKey(function(k, v) k + v, {a: 1, b: 2})
std.mergePatch({a: 1, b: {c: 1}}, {b: {d: 2}, a: null})
std.prune({a: null, b: [], c: {d: null}, e: 1})
std.objectValues({b: 1, a: 2})
std.toString({a: [1, 2.5, "x", null, true], b: {}})
std.thisFile
std.trace("hi", 5)
local s = std {length(x):: 42}; s.length("a") + s.abs(-1)
(std + {foo: 1}).foo
{a: std.length}["a"]("xyz")
local o = {f:: std.length}; o.f([1])
{a: 1, b:: self.c, c:: 3} {b::: super.b}
{a: 1, "b": 2, 'c': 3}
{"a": {"b": null}}["a"]["b"]
[1, 2, 3,]
{a: 1, b: 2,}
(((1)))
{a: 1}.a + {b: 2}["b"]
-{a: 1}.a
!{a: true}.a
[1, 2, 3][1] * 2
{a: [{b: 1}]}.a[0].b
"abc" + "def"[0]
local x = 2; x * x + x / x - x % x
1 + 2 + "a" + 1 + 2
"a" + (1 + 2)
{ a: 1 } { b: 2 }.b
({ a: 1 } { b: 2 }).b
local a = 1; local f(b) = a + b; local a = 10; f(1)
local f() = {x: 1}; f().x + f()["x"]
local f(x) = {[x]: x}; f("a") + f("b")
[[]][0]
[{}][0]
{a: null}.a
std.length("aé😀")
std.length({a: 1, b:: 2})
[1, 2] + [x for x in [3]] + [] + [4]
local a = [1]; a + a + a
local b(x) = x + x; b(b(b("ab")))
{a: 1, b: {c: 2, d: {e: $.a, f: $.b.c}}}
{a+: {b+: {c+: 1}}}
{a: {b: {c: 1}}} + {a+: {b+: {c+: 1}}}
""".strip()


def programs():
    """Every program of the corpus, in order."""
    blocks = (
        ARITHMETIC, STRINGS, COMPARISON, LOGIC, LOCALS, FUNCTIONS,
        ARRAYS, OBJECTS, COMPREHENSIONS, ERRORS, MORE,
    )  # fmt: skip
    return [line for block in blocks for line in block.splitlines()] + _literals()


def _literals():
    """One literal per line, except for the text block."""
    before, block, after = LITERALS.partition("|||\n  two\n    lines\n|||\n")
    return [*before.splitlines(), block.rstrip(), *after.splitlines()]
