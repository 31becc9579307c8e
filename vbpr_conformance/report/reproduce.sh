# ---- the same in every script: sends requests, takes over what the server names, removes what was made

set -u
BASE=${BASE%/}
WORK=$(mktemp -d)
printf 's#@{base}#%s#g\ns#@{run}#%s#g\n' "$BASE" "again-$(date +%s)-$$" > "$WORK/rules"
: > "$WORK/body"
: > "$WORK/made"

fill() { # TEXT: with what the server names this time
    printf '%s' "$1" | sed -f "$WORK/rules"
}

request() { # NUMBER METHOD URL [OPTION]...: sends what stands in $WORK/body
    number=$1 method=$2 url=$3
    shift 3
    if [ -s "$WORK/body" ]; then
        sed -f "$WORK/rules" "$WORK/body" > "$WORK/$number.sent"
        set -- "$@" --data-binary "@$WORK/$number.sent"
    fi
    authorised -X "$method" -D "$WORK/$number.head" -o "$WORK/$number.answer" "$@" "$url"
    : > "$WORK/body"
    LAST=$number
}

next_page() { # NUMBER METHOD URL [OPTION]...: asks for the page that the last answer links to, else for URL
    link=$(tr -d '\n' < "$WORK/$LAST.answer" | grep -o '{[^{}]*"next"[^{}]*}' | sed -n 's/.*"url" *: *"\([^"]*\)".*/\1/p' | head -n 1)
    if [ -z "$link" ]; then
        link=$(tr -d '\n' < "$WORK/$LAST.answer" | sed -n 's/.*<relation value="next"\/> *<url value="\([^"]*\)".*/\1/p' | sed 's/&amp;/\&/g')
    fi
    number=$1 method=$2 url=${link:-$3}
    shift 3
    request "$number" "$method" "$url" "$@"
}

show() { # NUMBER STATUS: the answer that shows the fault; STATUS is what it was in the run
    echo "--- the answer that shows the fault; in the run its status was $2"
    cat "$WORK/$1.head" "$WORK/$1.answer"
    echo
}

learn_id() { # MARKER NUMBER TYPE [INDEX]: the id that the answer names; of a Bundle that of its INDEXth location
    if [ -n "${4:-}" ]; then
        place=$(tr -d '\n' < "$WORK/$2.answer" | grep -o -e '"location" *: *"[^"]*"' -e '<location value="[^"]*"' | sed -n "${4}p")
    else
        place=$(tr -d '\r' < "$WORK/$2.head" | sed -n 's/^[Ll][Oo][Cc][Aa][Tt][Ii][Oo][Nn]: *//p')
    fi
    id=$(printf '%s' "$place" | sed -n "s#.*$3/\([A-Za-z0-9.-]*\).*#\1#p" | head -n 1)
    if [ -z "$id" ]; then
        id=$(tr -d '\n' < "$WORK/$2.answer" | grep -o -e '"id" *: *"[^"]*"' -e '<id value="[^"]*"' | head -n 1 | sed 's/.*"\([^"]*\)"$/\1/')
    fi
    [ -n "$id" ] || return 0
    printf 's#@{%s}#%s#g\n' "$1" "$id" >> "$WORK/rules"
    created "$3/$id"
}

learn_version() { # NUMBER: the version that the answer names
    version=$(tr -d '\r' < "$WORK/$1.head" | sed -n 's/^[Ee][Tt][Aa][Gg]: *\(W\/\)\{0,1\}"\(.*\)"$/\2/p' | head -n 1)
    if [ -z "$version" ]; then
        version=$(tr -d '\r' < "$WORK/$1.head" | sed -n 's#.*/_history/\([A-Za-z0-9.-]*\).*#\1#p' | head -n 1)
    fi
    printf 's#@{v%s}#%s#g\n' "$1" "$version" >> "$WORK/rules"
}

created() { # TYPE/ID: to be removed at the end
    echo "$1" >> "$WORK/made"
}

clean_up() { # the newest first, as others may refer to the older ones; what the server kept is tried again
    sed '1!G;h;$!d' "$WORK/made" > "$WORK/left"
    for round in 1 2 3; do
        [ -s "$WORK/left" ] || break
        : > "$WORK/kept"
        while read -r reference; do
            status=$(authorised -o /dev/null -w '%{http_code}' -X DELETE "$BASE/$reference" < /dev/null)
            case $status in 2?? | 404 | 410) ;; *) echo "$reference" >> "$WORK/kept" ;; esac
        done < "$WORK/left"
        mv "$WORK/kept" "$WORK/left"
    done
    [ ! -s "$WORK/left" ] || { echo "left on $BASE after $round rounds:"; cat "$WORK/left"; } >&2
    rm -rf "$WORK"
}
trap clean_up EXIT
trap 'exit 130' INT TERM
