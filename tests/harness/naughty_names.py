"""File names that something on the way may take for more than a name."""

from __future__ import annotations

MARKUP = (
    *("*a*", "**a**", "_a_", "__a__", "~~a~~", "`a`", "```a```", "# a", "###### a"),
    *("- a", "1. a", "> a", "---", "***", "===", "| a | b |", "- [ ] a", "[^1]", "\\*"),
    *("[a](http://example.org)", "![a](http://example.org/a.png)", "[a]: http://b.c"),
    *("<http://example.org>", "http://example.org/a.jpg", "www.example.org"),
    *("mailto:a@example.org", "a@example.org", "javascript:alert(1)"),
    *("data:text/html,<b>a</b>", "file:///etc/passwd", "//example.org"),
    *("$a^2$", "$$a_b$$", r"\(a\)", r"\[a\]", r"$\frac{1}{2}$", "$1 and $2", "€5 $6"),
    *(":red[a]", ":blue-background[a]", ":green-badge[a]", ":rainbow[a]", ":small[a]"),
    *(":material/home:", ":smile:", ":streamlit:", ":+1:", ":shortcode", "->", "<-"),
    *("(c)", "...", "--", "a  ", "a\\", "&amp;", "&lt;b&gt;", "&#x41;"),
    *("&nbsp;", "%20"),
)
HTML = (
    *("<b>a</b>", "<script>alert(1)</script>", "<img src=x onerror=alert(1)>"),
    *("<svg onload=alert(1)>", "<iframe src=//example.org>", "<style>*{display:none}"),
    *("<!--", "-->", "</div>", "</textarea>", "<a href='x'>a</a>", "<br>", "<hr/>"),
    *('" onmouseover="alert(1)', "' onfocus='alert(1)", "<![CDATA[a]]>", "<?xml?>"),
    *("</script><script>alert(1)", "<body onload=alert(1)>", "{{7*7}}", "${7*7}"),
    *("<%= 7*7 %>", "#{7*7}", "{% raw %}", "[[a]]", "<math>", "<x:script>"),
)
FORMULAS = (
    *("=1+1", "+1+1", "-1+1", "@SUM(A1)", "=cmd|' /C calc'!A0", "\t=1+1", "\r=1+1"),
    *('=HYPERLINK("http://example.org")', "\n=1+1", " =1+1", "\u3000=1+1"),
    *("\uff1d1+1", "\uff0b1", "\uff0d1", "\uff20a", "a;=1+1", "a,=1+1", "a\t=1+1"),
    *('"=1+1', 'a","=1+1', "'=1+1", "%=1", "-", "+", "=", "@", "-1", "+1", "1E+02"),
)
PLACES = (
    *("../../etc/passwd", "..\\..\\a", "/etc/passwd", "C:\\a", "~/a", "a/../b"),
    *(".", ".."),
    *("CON", "NUL", "AUX", "COM1", "LPT1", "a:b", "a?b", "a*b", "a|b", "a<b>c", 'a"b'),
    *("$(touch a)", "`touch a`", "; rm a", "| cat", "&& a", "$HOME", "%PATH%", "!a"),
    *("%s%n%d", "{0}", "{name}", "{}", "%00", "\\x00", "${jndi:ldap://a}", "-rf"),
    *("--help", "' OR 1=1 --", "1; DROP TABLE a", "*", "?", "a b", " a", ".hidden"),
)
WORDS = (
    *("null", "NULL", "None", "nil", "undefined", "NaN", "nan", "inf", "-inf", "true"),
    *("False", "0", "-0", "1.00", "1,00", "0x1F", "1e400", "9" * 40, "[]", "{}", '"'),
    *("''", '""', "\\", "\\\\", "\\n", "\\u202e", "File", "error", "photo"),
    "__class__",
)
UNICODE = (
    *("Zoë", "Zoe\u0308", "ﬁ", "İi", "ß", "北京", "日本語", "한국어", "ไทย"),
    *("हिन्दी", "עברית", "العربية", "می\u200cخ", "👩\u200d👩\u200d👧", "👍🏿"),
    *("🏳️\u200d🌈", "🇬🇧", "🏴\U000e0067\U000e0062\U000e007f"),
    *("a\u0300\u0301\u0302\u0303\u0304" * 9, "\u202egpj.a", "\u2066a\u2069"),
    *("\u200fa", "\u061ca", "\u200b", "a\u200bb", "\ufeff", "\u00ada", "a\u2060b"),
    *("a\u2028b", "a\u2029b", "\u00a0", "\u3000", "\u2003a\u2003", "\ufdd0"),
    *("\ufffe", "\ufffd", "\U0010ffff", "\ue000", "\ud800", "a\udcffb", "\udfff"),
    *("\U0001d54f", "Ⅻ", "½", "\uff11", "a\ufe0f", "꙰", "﷽", "𓂀", "❤️", "☠"),
)
CONTROLS = tuple(f"a{chr(code)}b" for code in (*range(32), *range(127, 160)))
LONG = ("", " ", "a" * 300, "a" * 5_000, "ü" * 255, "👩" * 200, "a " * 400, "\n" * 50)

_FORMS = ("{}", "{}.jpg", "photo {} of 2.png")


def naughty_names() -> list[str]:
    """More than 515 names, all different."""
    cores = (*MARKUP, *HTML, *FORMULAS, *PLACES, *WORDS, *UNICODE, *CONTROLS, *LONG)
    names = (form.replace("{}", core, 1) for form in _FORMS for core in cores)
    return list(dict.fromkeys(names))
