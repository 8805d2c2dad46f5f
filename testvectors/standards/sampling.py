"""Draws the samples of verifier-core/src/sample/tests.rs from the rules in that module's documentation alone."""

import hashlib
import json


class Stream:
    def __init__(self, seed):
        self.seed, self.number, self.words = seed, 0, []

    def word(self):
        if not self.words:
            block = hashlib.sha256(self.seed + self.number.to_bytes(8, "big")).digest()
            self.number += 1
            self.words = [int.from_bytes(block[i : i + 8], "big") for i in range(0, 32, 8)]
        return self.words.pop(0)

    def below(self, n):
        limit = 2**64 - 2**64 % n
        while True:
            word = self.word()
            if word < limit:
                return word % n


def random(stream, count, size):
    order = list(range(count))
    for k in range(size):
        other = k + stream.below(count - k)
        order[k], order[other] = order[other], order[k]
    return order[:size]


def main():
    items = [
        (f"project-{n % 3}", n, f"p{n:03}", None if n % 10 == 9 else (n + 1) ** 2, f"s{n % 4 // 3}") for n in range(50)
    ]
    lines = "".join(json.dumps(list(item[:4]), separators=(",", ":")) + "\n" for item in items)
    digest = "sha256:" + hashlib.sha256(lines.encode()).hexdigest()
    print(digest)
    methods = ["random 6 none", "systematic 7 none", "stratified 9 model", "monetary_unit 8 none"]
    methods += ["systematic every 7 none", "monetary_unit every 5000 none", 'stratified fixed model {"s0":4,"s1":6}']
    for method in methods:
        text = "\n".join(["keel.sample.seed/v1", "Borealis 2026-Q3 nonce 7f3a", digest, method]) + "\n"
        seed = hashlib.sha256(text.encode()).digest()
        stream, words, interval = Stream(seed), method.split(), 0
        size = int(words[1]) if words[1].isdigit() else None
        if method.startswith("random"):
            drawn = random(stream, 50, size)
        elif method.startswith("systematic every"):
            drawn = list(range(stream.below(int(words[2])), 50, int(words[2])))
        elif method.startswith("systematic"):
            start = stream.below(50)
            drawn = [(start + k * 50) // size for k in range(size)]
        elif method.startswith("stratified"):
            drawn = []
            names = sorted({item[4] for item in items})
            members = {name: [n for n, item in enumerate(items) if item[4] == name] for name in names}
            if size is None:
                sizes = json.loads(words[3])
            else:
                first = 1 if size >= len(names) else 0
                left = {name: len(members[name]) - first for name in names}
                rest, all_left = size - first * len(names), sum(left.values())
                sizes = {name: first + left[name] * rest // all_left for name in names}
                order = sorted(names, key=lambda name: -(left[name] * rest % all_left))
                for name in order[: size - sum(sizes.values())]:
                    sizes[name] += 1
            for name in names:
                own = Stream(hashlib.sha256(seed + name.encode()).digest())
                drawn += [members[name][n] for n in random(own, len(members[name]), sizes[name])]
        else:
            amounts = [max(item[3] or 0, 0) for item in items]
            interval = int(words[2]) if size is None else sum(amounts) // size
            point, before, drawn = stream.below(interval), 0, []
            for n, amount in enumerate(amounts):
                if amount >= interval:
                    drawn.append(n)
                elif before <= point < before + amount:
                    drawn.append(n)
                    point += interval
                    before += amount
                else:
                    before += amount
        print(seed.hex(), interval, str(sorted(drawn)))


main()
