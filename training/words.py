"""Stage 1, words: the vocabulary's vectors, distilled from MiniLM.

Every word gets MiniLM's vector of that word alone, brought to 128 dimensions by principal components; how much
each word says in a phrase (its weight) is fitted so that the weighted sum of words points where MiniLM puts the phrase.
Writes `work/words.pt`: vocabulary, vectors, weights.
"""

from __future__ import annotations

import json

import torch
from torch.nn import functional as F

from doorways.atomic import whole
from doorways.perceptors.words import Words, split_words
from training import minilm
from training.fetch import PACKAGES, WORK

WIDTH = 128


def phrases() -> list[str]:
    """Names of the drawings and scenery, and emoji labels with their tags: what the words must add up to."""
    found: set[str] = set()
    for split in ("trained", "scenery"):
        for line in (WORK / f"{split}.jsonl").read_text().splitlines():
            row = json.loads(line)
            found.update(row["names"] if "names" in row else [row["name"]])
    for emoji in json.loads((PACKAGES / "emojibase/en/data.json").read_text()):
        if "skin tone" not in emoji["label"] and "flag" not in emoji["label"]:
            found.add(emoji["label"])
            found.update(f"{tag} {emoji['label']}" for tag in emoji.get("tags", ())[:4])
    names = sorted(found)
    generator = torch.Generator().manual_seed(0)
    for _ in range(6000):
        first, second = (names[int(torch.randint(len(names), (), generator=generator))] for _ in range(2))
        joint = ["and", "on a", "under the", "beside a", "in the"][
            int(torch.randint(5, (), generator=generator))
        ]
        found.add(f"a {first} {joint} {second}")
    return sorted(found)


def main() -> None:
    if (WORK / "words.pt").exists():
        print("words: are there already")
        return
    torch.manual_seed(0)  # the principal components begin at random
    texts = phrases()
    words = list(
        dict.fromkeys([*minilm.vocabulary(), *(word for text in texts for word in split_words(text))])
    )
    vectors, wanted = minilm.embed(words), minilm.embed(texts)
    centre = wanted.mean(0)
    _, _, axes = torch.pca_lowrank(torch.cat([wanted - centre, vectors - centre]), q=WIDTH, niter=6)
    vectors, wanted = (
        F.normalize((vectors - centre) @ axes, dim=-1),
        F.normalize((wanted - centre) @ axes, dim=-1),
    )

    table = Words(tuple(words), vectors, torch.ones(len(words)))
    rows = [[table.index[word] for word in split_words(text)] for text in texts]
    flat = torch.tensor([i for row in rows for i in row])
    starts = torch.tensor([0, *(len(row) for row in rows[:-1])]).cumsum(0)
    logits = torch.nn.Parameter(torch.full((len(words),), 0.5))
    optimiser = torch.optim.Adam([logits], 0.03)
    for step in range(300):
        weights = F.softplus(logits)
        sums = F.embedding_bag(flat, vectors, starts, mode="sum", per_sample_weights=weights[flat])
        loss = (
            1 - F.cosine_similarity(sums, wanted).mean() + 1e-4 * (logits - 0.5).square().sum() / len(texts)
        )
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        if step % 100 == 99:
            print(f"words: step {step + 1}, 1 - cosine to MiniLM's phrases {loss.item():.3f}")
    with whole(WORK / "words.pt") as part:
        torch.save({"vocabulary": words, "vectors": vectors, "weights": F.softplus(logits).detach()}, part)
    said = {
        word: round(float(F.softplus(logits)[table.index[word]]), 2)
        for word in ("the", "a", "of", "castle", "red")
    }
    print(f"words: {len(words)} words, weights {said}")


def load() -> Words:
    """The vocabulary that `main` wrote, with its vectors and weights."""
    stored = torch.load(WORK / "words.pt", weights_only=True)
    return Words(tuple(stored["vocabulary"]), stored["vectors"], stored["weights"])


if __name__ == "__main__":
    main()
