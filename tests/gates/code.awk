# C files -> file<TAB>line<TAB>code, with comments, strings and characters blanked. #include lines
# keep their name.
FNR == 1 { in_comment = 0 }
{
    line = $0
    if (!in_comment && line ~ /^[ \t]*#[ \t]*include/) {
        print FILENAME "\t" FNR "\t" line
        next
    }
    out = ""
    while (line != "") {
        if (in_comment) {
            end = index(line, "*/")
            if (end == 0) break
            line = substr(line, end + 2)
            in_comment = 0
            continue
        }
        if (!match(line, /\/\*|\/\/|"|'/)) {
            out = out line
            break
        }
        out = out substr(line, 1, RSTART - 1)
        mark = substr(line, RSTART, RLENGTH)
        line = substr(line, RSTART + RLENGTH)
        if (mark == "//") break
        if (mark == "/*") {
            in_comment = 1
            continue
        }
        # the end of a literal: the next such mark that no backslash escapes
        while (line != "") {
            c = substr(line, 1, 1)
            line = substr(line, c == "\\" ? 3 : 2)
            if (c == mark) break
        }
        out = out mark mark
    }
    print FILENAME "\t" FNR "\t" out
}
