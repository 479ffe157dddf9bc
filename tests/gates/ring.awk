# Edges `from to where` -> one line for each ring: `where: rule: a -> b -> a`. Nodes on no ring are
# peeled off from both ends; what is left is walked until a node comes again, and that ring's last
# edge is taken away before the next search.
BEGIN { limit = 20 }
{
    if ($1 != $2 && !(($1, $2) in edge)) {
        edge[$1, $2] = $3
        out[$1] = out[$1] " " $2
        node[$1]; node[$2]
    }
}
function peel(    changed, a, n, list, i, alive, has_in)
{
    do {
        changed = 0
        for (a in has_in) delete has_in[a]
        for (a in node) {
            n = split(out[a], list, " ")
            for (i = 1; i <= n; i++)
                if ((list[i] in node) && ((a, list[i]) in edge)) has_in[list[i]] = 1
        }
        for (a in node) {
            alive = 0
            n = split(out[a], list, " ")
            for (i = 1; i <= n; i++)
                if ((list[i] in node) && ((a, list[i]) in edge)) alive = 1
            if (!alive || !(a in has_in)) {
                delete node[a]
                changed = 1
            }
        }
    } while (changed)
}
function successor(a,    n, list, i)
{
    n = split(out[a], list, " ")
    for (i = 1; i <= n; i++)
        if ((list[i] in node) && ((a, list[i]) in edge)) return list[i]
    return ""
}
END {
    for (found = 0; found < limit; found++) {
        peel()
        start = ""
        for (a in node) if (start == "" || a < start) start = a
        if (start == "") break
        for (a in seen) delete seen[a]
        count = 0
        for (at = start; !(at in seen); at = successor(at)) {
            path[count] = at
            seen[at] = count++
        }
        text = ""
        for (i = seen[at]; i < count; i++) text = text path[i] " -> "
        last = path[count - 1]
        print edge[last, at] ": " rule ": " text at
        delete edge[last, at]
    }
}
