"""Programs for `std.format`: every conversion with its flags, widths and precisions."""

from itertools import product

_FLAGS = ["", "0", "-", "+", " ", "#", "+0", "#0", "-0", " 0", "+ ", "-+", "#+ 0"]
_SIZES = ["", "8", "3.2", ".0", ".3", "12.5", "1"]
_NUMBERS = (
    "0 -0 1 -1 0.5 -0.5 1.5 -1.5 2.5 2.675 9.995 0.05 255 -255 1000 -1000 999999 1e6 12345.678 "
    "1e-5 0.0001 0.00012345 1e21 1e23 -1e23 9007199254740993 1e-300 1e100 2.3e-308 0.1 100 10"
).split()
_SMALL = "0 -1 1.5 -2.675 255 1e23 0.00012345".split()

_KINDS = "diuoxXeEfFgG"

PROGRAMS = [
    *(f'"%{kind}" % {number}' for kind, number in product(_KINDS, _NUMBERS)),
    *(
        f'"%{flags}{size}{kind}" % {number}'
        for flags, size, kind, number in product(_FLAGS, _SIZES, "doxXefg", _SMALL)
        if len(flags) < 2 or number in {"-1", "255", "1.5"}
    ),
    *(f'"%{size}f" % {number}' for size, number in product([".0", ".1", ".2", ".10"], _NUMBERS)),
    *(f'"%{size}g" % {number}' for size, number in product([".0", ".1", ".2", ".10"], _NUMBERS)),
    *(f'"%#{size}g" % {number}' for size, number in product(["", ".3"], _NUMBERS)),
    *(f'"%{size}e" % {number}' for size, number in product([".0", ".3", ".12"], _NUMBERS)),
    *(f'"%.3f" % std.pow(10, {n})' for n in range(-8, 23)),
    *(f'"%e" % std.pow(10, {n})' for n in range(-30, 30)),
    *(f'"%g" % std.pow(10, {n})' for n in range(-8, 23)),
]

PROGRAMS += r"""
"%s" % "a"
"%s" % 1
"%s" % null
"%s" % [[1, 2]]
"%s" % [[]]
"%s" % { a: 1 }
"%s %s" % ["a", 1]
"%5s|" % "a"
"%-5s|" % "a"
"%05s|" % "a"
"%.1s|" % "abc"
"%5s|" % "äö"
"%1s|" % "abc"
"%c" % 65
"%c" % "x"
"%c" % "xy"
"%c" % ""
"%c" % null
"%c" % -1
"%c" % 55296
"%5c|" % "x"
"%-5c|" % 128512
"%%"
"%%" % []
"%5%|" % []
"%-5%|" % []
"%%" % 1
"%s%%" % 5
"100%"
"100%" % []
"%" % 1
"%5" % 1
"%." % 1
"%.5" % 1
"%l" % 1
"%(a" % {}
"%z" % 1
"%b" % 1
"% d" % 5
"%ld %hd %Ld" % [1, 2, 3]
"%lld" % 1
"%5ld|" % 1
"%d" % "a"
"%d" % null
"%d" % [[1]]
"%d" % true
"%x" % "a"
"%o" % null
"%f" % "1"
"%e" % []
"%e" % [[]]
"%g" % {}
"%d"
"%d" % []
"%d %d" % [1]
"%d" % [1, 2]
"a" % []
"a" % [1]
"a" % {}
"a" % 1
"a" % null
"" % []
"" % 1
"%*d|" % [5, 1]
"%-*d|" % [5, 1]
"%0*d|" % [5, 1]
"%*d|" % [-5, 1]
"%.*f" % [2, 1.005]
"%*.*f|" % [8, 2, 3.14159]
"%*d" % [1]
"%*d" % ["a", 1]
"%.*f" % [1]
"%.*f" % ["a", 1]
"%.*s" % ["a", 1]
"%.*s" % [error "x", 1]
"%.*c" % [null, "x"]
"%.*%" % []
"%.*s" % []
"%.*%" % { a: 1 }
"%(a).*s" % { a: 1 }
"%*s" % [5]
"%*%" % [5]
"%*%|" % [5, 1]
"%.*%|" % [5]
"%*d" % { a: 1 }
"%(a)d" % { a: 1 }
"%(a)s %(b)5d|" % { a: "x", b: 2 }
"%(a)*d" % { a: 1 }
"%(a).*f" % { a: 1 }
"%(a)d" % { b: 1 }
"%(a)d" % { a:: 1 }
"%(a)s" % { a: error "x" }
"%d" % { a: 1 }
"%%" % { a: 1 }
"%5%|" % { a: 1 }
"%*%|" % { a: 1 }
"%()d" % { "": 1 }
"%(a b)d" % { "a b": 1 }
"%(a)d" % [1]
"%(a)d" % 1
"%(a)%" % { }
"%((a)d" % { "(a": 1 }
"%(a)s%(a)s" % { a: 1, b: 2 }
"%(a)s" % { a: 1, assert false }
"%s" % [error "x"]
"a%sb%sc" % ["1", "2"]
"%s" % function(x) x
"%5.3d|" % 5
"%-5.3d|" % 5
"%05.3d|" % 5
"%+.3d|" % 5
"%.3x|" % 5
"%#.3x|" % 5
"%#x" % 0
"%#o" % 0
"%#o" % 8
"%#.4o" % 8
"%#X" % 255
"%x" % 0.5
"%x" % -0.5
"%X" % -1.5
"%o" % -8.9
"%d" % 0.999999
"%d" % -0.999999
"%+d" % -0.5
"%f" % 1e305
"%e" % 1e305
"%.20f" % 0.1
"%.15g" % 0.1
"%.17g" % 0.1
"%.0e" % 15
"%.400f" % 1
"%.200f" % 1
"%.22f" % 1.5
"%g" % 123456789
"%G" % 1e-10
"%#g" % 1
"%#.0f" % 1
"%#.0e" % 1
"%+g" % 1
"% g" % 1
"%010g|" % 1.5
"%-10g|" % 1.5
"%+010.2f|" % -1.5
"%010.2e|" % 1.5
"%-10.2e|" % 1.5
"%e" % 0
"%.0g" % 0
"%g" % 0
"%g" % -0
"%f" % -0
"%d" % -0
"%.2f" % 0.005
"%.2f" % 0.015
"%.2f" % 1.005
"%.2f" % -0.005
"%.1f" % 0.25
"%.1f" % 0.35
"%.3f" % 1e15
"%.3f" % 123456789012.3456
std.format("%d-%s", [1, "a"])
std.format("%d", 1)
std.format("%(x)d", { x: 1 })
std.format(1, [])
std.format(null, [])
std.format("a", error "x")
std.format(str="%d", vals=[1])
"%s" % "%s" % 5
"%100d" % 3
"%-100d|" % 3
"%.100d" % 3
""".strip().split("\n")
