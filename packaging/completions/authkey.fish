# SPDX-License-Identifier: BSD-2-Clause
# fish completion for authkey(8), which is asked itself: authkey completion.

function __authkey_words
    set -lx PATH $PATH /usr/local/sbin /usr/sbin /sbin
    set -l typed (commandline -opc)
    set -l word (commandline -ct)
    # A quote that is still open cannot be undone, only taken away.
    set -l plain (string unescape -- $word); or set plain (string trim -l -c '\'"' -- $word)
    for line in (printf '%s\n' $typed[2..-1] "$plain" | authkey completion 2>/dev/null)
        switch $line
            case ':files*'
                __fish_complete_path $plain
            case ':folders*'
                __fish_complete_directories $plain ''
            case '*'
                printf '%s\n' $line
        end
    end
end

complete -c authkey -f -a '(__authkey_words)'
