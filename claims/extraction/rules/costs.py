"""What is a cost: nouns and units, and how a number is tied to them."""
# ruff: noqa: E501 - a pattern stays on one line, beside its id

from __future__ import annotations

import re

from claims.terms import CostMeasure as Measure

# (measure, noun); the first that matches at a place wins, so the longer ones come first
_NOUNS: tuple[tuple[Measure, str], ...] = (
    (Measure.BATCH_SIZE, r"(?:mini-?)?batch[- ]sizes?"),
    (Measure.MODEL_SIZE, r"(?:model|embedding|network|checkpoint|latent space|representation|index)[- ]sizes?|model footprints?|compression (?:ratio|rate|factor)s?"),
    (Measure.COMPRESSION, r"compression"),
    (Measure.TRAINING_COST, r"(?:pre-?training|training|fine-?tuning) (?:costs?|compute|computation|budgets?|flops|overhead)|annotation costs?|cost of training"),
    (Measure.TRAINING_TIME, r"(?:pre-?training|training|fine-?tuning|convergence) (?:time|duration|speed|wall-clock time)|wall-clock time|wall time|gpu time"),
    (Measure.SEARCH_TIME, r"search (?:time|costs?)"),
    (Measure.INFERENCE_COST, r"inference (?:costs?|compute|computation|overhead|budgets?|flops)|(?:average )?costs? per query|serving costs?"),
    (Measure.INFERENCE_TIME, r"(?:inference|sampling|generation|decoding|running|run|processing|execution|evaluation|test|testing|prediction)[- ](?:time|speed|runtime)s?|runtimes?|run-time|run time"),
    (Measure.LATENCY, r"(?:inference )?latenc(?:y|ies)|response times?|time-to-first-token"),
    (Measure.THROUGHPUT, r"throughputs?|frame rates?"),
    (Measure.TRAINING_DATA, r"(?:labell?ed |training |pre-?training |annotated |labell?ed training |unlabell?ed |annotation )+(?:data|samples|examples|images|labels|sets?)|label efficiency|data efficiency|sample efficiency|annotations"),
    (Measure.PARAMETERS, r"(?:(?:trainable|learnable|total|model|active|activated|network|tunable|weight|additional|extra|embedding) )*param(?:eter)?s?\b(?: counts?)?"),
    (Measure.MACS, r"[gmt]?macs?\b|multiply-?adds?|mult-?adds?|multiply-accumulate(?: operations)?|multi-adds|madds"),
    (Measure.FLOPS, r"[kgmtp]?flops?\b|floating[- ]point operations|(?:computation(?:al)?|compute) (?:costs?|complexity|demands?|overhead|budgets?|resources?|burden|load|requirements?)|computations?\b|operations\b|compute\b|bitops"),
    (Measure.NFE, r"nfes?\b|function evaluations|sampling steps|denoising steps|inference steps|diffusion steps"),
    (Measure.EPOCHS, r"(?:training |pre-?training |fine-?tuning )?epochs?"),
    (Measure.STEPS, r"(?:training |optimi[sz]ation |gradient |environment )?(?:iterations|training steps|gradient steps|environment steps)"),
    (Measure.TOKENS, r"(?:(?:discrete|image|visual|vision|latent|input|output|text|video|codebook|reasoning|output|generated|continuous|prompt) )*tokens?\b(?! ?/| per)|token (?:numbers?|counts?|usage|consumption|budget)|tokens"),
    (Measure.MEMORY, r"(?:peak |gpu |inference |training |ram |run-?time )*(?:memory|ram)\b(?: (?:usage|footprint|consumption|requirements?|costs?|overhead))?|kv[- ]?cache(?: size| memory)?"),
    (Measure.STORAGE, r"storage(?: (?:space|costs?|requirements?|overhead))?|disk space|rom\b(?: usage)?"),
    (Measure.INFERENCE_COST, r"(?:overall |total |api |monetary |operational |average )*costs?"),
    (Measure.ENERGY, r"(?:energy|power)(?: (?:consumption|usage|costs?|efficiency))?|carbon (?:footprint|emissions?)"),
)  # fmt: skip

MEASURES: tuple[Measure, ...] = tuple(measure for measure, _ in _NOUNS)
COST_NOUN = re.compile(
    r"(?<![a-z0-9])(?<!hyper-)(?<!multi-)(?<!pre-)(?:"
    + "|".join(f"(?P<m{i}>{noun})" for i, (_, noun) in enumerate(_NOUNS))
    + r")(?![a-z0-9])"
)

# (measure, pattern right after the number, unit as stated, factor to the canonical unit; None: the measure has none)
UNITS: tuple[tuple[Measure | None, re.Pattern[str], str, float | None], ...] = (
    (Measure.GPU_DAYS, re.compile(r"^[ -]?(?:(?:nvidia |tesla )?(?:[vahtp]\d{1,3}|rtx ?\d{4}|titan \w+|\d+ ?gb)[ -])?gpus?[ *·-]?\*?(?:days?)\b"), "GPU days", 24.0),
    (Measure.GPU_HOURS, re.compile(r"^[ -]?(?:(?:nvidia |tesla )?(?:[vahtp]\d{1,3}|rtx ?\d{4}|titan \w+|\d+ ?gb)[ -])?gpus?[ *·-]?\*?(?:hours?|hrs?|h)\b"), "GPU hours", 1.0),
    (Measure.GPU_HOURS, re.compile(r"^[ -]?[vahtp]\d{2,3}[ -](?:hours?|hrs?)\b"), "GPU hours", 1.0),
    (Measure.GPU_DAYS, re.compile(r"^[ -]?[vahtp]\d{2,3}[ -]days?\b"), "GPU days", 24.0),
    (Measure.TPU_HOURS, re.compile(r"^[ -]?tpu(?:v\d)?(?:[ -]core)?[ -]?(?:hours?|hrs?)\b"), "TPU hours", 1.0),
    (Measure.TPU_HOURS, re.compile(r"^[ -]?tpu(?:v\d)?(?:[ -]core)?[ -]?days?\b"), "TPU days", 24.0),
    (Measure.LATENCY, re.compile(r"^[ -]?\(?(?:ms|milliseconds?|msec)\b"), "ms", 1e-3),
    (Measure.LATENCY, re.compile(r"^[ -]?(?:us|µs|μs|microseconds?)\b"), "us", 1e-6),
    (Measure.THROUGHPUT, re.compile(r"^[ -]?(?:fps|frames? ?(?:per|/) ?s(?:ec(?:ond)?)?|hz)\b"), "fps", 1.0),
    (Measure.THROUGHPUT, re.compile(r"^[ -]?(?:images?|imgs?|samples?|videos?|queries) ?(?:per|/) ?s(?:ec(?:ond)?)?\b"), "images/s", 1.0),
    (Measure.THROUGHPUT, re.compile(r"^[ -]?tokens? ?(?:per|/) ?s(?:ec(?:ond)?)?\b"), "tokens/s", 1.0),
    (Measure.MEMORY, re.compile(r"^[ -]?(?:gib)\b"), "GiB", 2.0**30),
    (Measure.MEMORY, re.compile(r"^[ -]?(?:mib)\b"), "MiB", 2.0**20),
    (Measure.MEMORY, re.compile(r"^[ -]?(?:kib)\b"), "KiB", 2.0**10),
    (Measure.MEMORY, re.compile(r"^[ -]?(?:tb|terabytes?)\b"), "TB", 1e12),
    (Measure.MEMORY, re.compile(r"^[ -]?(?:gb|gigabytes?)\b"), "GB", 1e9),
    (Measure.MEMORY, re.compile(r"^[ -]?(?:mb|megabytes?)\b"), "MB", 1e6),
    (Measure.MEMORY, re.compile(r"^[ -]?(?:kb|kilobytes?)\b"), "KB", 1e3),
    (Measure.STORAGE, re.compile(r"^[ -]?bytes?\b"), "bytes", 1.0),
    (Measure.ENERGY, re.compile(r"^[ -]?(?:mj|millijoules?)\b"), "mJ", 1e-3),
    (Measure.ENERGY, re.compile(r"^[ -]?(?:joules?)\b"), "J", 1.0),
    (Measure.ENERGY, re.compile(r"^[ -]?(?:kwh)\b"), "kWh", 3.6e6),
    (Measure.ENERGY, re.compile(r"^[ -]?(?:mw|milliwatts?)\b"), "mW", None),
    (Measure.ENERGY, re.compile(r"^[ -]?(?:w|watts?)\b"), "W", None),
    (None, re.compile(r"^[ -]?(?:days?)\b"), "days", 86400.0),
    (None, re.compile(r"^[ -]?(?:hours?|hrs?)\b"), "hours", 3600.0),
    (None, re.compile(r"^[ -]?(?:minutes?|mins?)\b"), "min", 60.0),
    (None, re.compile(r"^[ -]?(?:seconds?|secs?|s)\b(?!-)"), "s", 1.0),
)  # fmt: skip

# "22.3 KiB of RAM and 439.5 KiB of ROM"; "trained for 3.5 days on eight GPUs": the words around a unit name the measure
# "6B and 34B language models", "a 7B-parameter model"
SIZED_MODEL = re.compile(
    r"^(?:[ -](?!parameter|token|image|pair|sample|class)[a-z-]+){0,3}[ -](?:models?|llms?|vlms?|mllms?|variants?|networks?|backbones?|versions?|transformers?)\b"
)
# "a 172M 16-layer FooNet reaches", "has 3B weights": a size right before a model's name, in the shadow, or before its weights
SIZED_NAME = re.compile(
    r"^(?:[ -][a-zN][a-zN-]*){0,2} [PV]++(?=[,.;:)]|$| (?:and|or|that|which|is|was|has|had|gets|gives|needs|runs|with|on|to|can|trained|reach|achiev|attain|obtain|scor|outperform|surpass|match|beat|yield)\w*)"
)
SIZED_WEIGHTS = re.compile(r"^ (?:trainable |learnable |total )?weights\b")
BEFORE_SIZE = re.compile(r"(?:^|[ (])(?:an?|our|the|single|largest|smallest) $")
# whose size it is, where the name follows the number: "a model of 650 million parameters, FooNet-H, it", "a 3B model (FooNet-G)"
SIZED_APPOSED = re.compile(r"^(?: [a-z-]+){0,2}(?:, | \()(?:called |named |namely |dubbed )?(?P<name>[PV]+)(?:,|\))")
SIZED_FOLLOWED = re.compile(r"^(?P<words>(?:[ -][a-zN][a-zN-]*){0,2}) (?P<name>[PV]+)")
TRAINED_WITH = re.compile(r"train|fine-?tun|learning")
INFERRED_WITH = re.compile(r"infer|deploy|on-device|mobile|forward|architecture|design|model")
STORAGE_WORDS = re.compile(r"^[^N]{0,8}(?:of )?(?:rom|storage|disk)|^ ?(?:byte)")
SIZE_WORDS = re.compile(r"(?:model|checkpoint|network)(?: \w+)?(?: of| is| with)? (?:only |just )?$|^ (?:model|checkpoint)")
TRAIN_WORDS = re.compile(r"train|fine-?tun|pre-?train|converge")
SEARCH_WORDS = re.compile(r"search")
INFER_WORDS = re.compile(
    r"infer|generat|sampl|process|per (?:image|frame|query|sample|step|video)|decod|detect|latency|run|predict|reconstruct|respon"
)
NO_COST_TIME = re.compile(
    r"^.{0,12}\b(?:of (?:\w+ ){0,3}(?:speech|audio|video|data|recording|experiments|footage|driving)|long|videos?|clips?|speech|audio|recordings?|horizon|ahead|forecast)"
)

QUAL = r"(?:(?:up to|about|around|approximately|roughly|nearly|almost|only|just|over|more than|less than|at least|at most|as (?:much|many|little|few|high|low) as|(?:greater|higher|larger|lower) than|above|exceeding|an?|the|average|an average of|on average|significantly|further|merely|another|a factor of|factor of|a total of|mere|by|~|≤|≥|≈|<|>|also|still|a remarkable|remarkable)\s*)"
_MORE = (
    r"(?:fewer|less|lower|smaller|more|higher|larger|faster|reduced|cheaper|better|greater|shorter|additional|extra|increased?|improved)"
)
_ADJECTIVES = r"(?:(?:number of|amount of|total|overall|real|actual|model|in|of|the|its|their|our|all|as (?:much|many)|training|inference|peak|theoretical|only|average|relative|original|required|respective|on-device|end-to-end|gpu|cpu|mobile|wall-clock|extra|additional|full|standard)[ -])"

# (id, before the number, after the number, ratio or absolute); the cost noun is the first C of whichever side matched
RATIO_AFTER = (
    ("cost.ratio.fewer", re.compile(rf"^\s*{_MORE} (?:in |{_ADJECTIVES})*C")),  # "69% fewer parameters"
    ("cost.ratio.of", re.compile(rf"^\s*(?:{_MORE} )?(?:of|the|as much|as many|less|fewer) {_ADJECTIVES}*C")),  # "1% of the storage"
    ("cost.ratio.reduction", re.compile(rf"^\s*{_ADJECTIVES}*C+ (?:C+ )?(?:reductions?|savings?|improvements?|increase|overhead|decrease|gains?|drop|cut|boost|speed-?ups?|factors?|reduced|saved)")),  # "62% GFLOPs reduction"
    ("cost.ratio.reduction_in", re.compile(rf"^\s*(?:(?:relative|significant|average|overall) )?(?:reductions?|savings?|improvements?|increase|decrease|drop|cut|lower|overhead|boost)(?: (?:in|of|on|for))(?: {_ADJECTIVES})* ?{_ADJECTIVES}*C")),  # "a reduction of 28% in computational demand"
    ("cost.ratio.times", re.compile(rf"^\s*{_ADJECTIVES}*C")),  # "0.72 times trainable parameters", for x and %
    ("cost.ratio.for", re.compile(rf"^\s*(?:for|in|on) {_ADJECTIVES}*C")),  # "4.80x and 3.44x for latency and model size"
)  # fmt: skip
RATIO_BEFORE = (
    ("cost.ratio.by", re.compile(rf"C+(?:(?:(?!outperform|surpass|exceed|achiev|better|improv|gain)[^;NMC]){{0,70}}?)\b(?:by|to|of|with)\s*{QUAL}*\(?\s*$")),  # "reducing latency by 15%"
    ("cost.ratio.reduces_by", re.compile(rf"(?:reduc|sav|cut|lower|shrink|compress|accelerat|speed|decreas)\w* [^;NM]{{0,60}}?C+[^;NMC]{{0,30}}?\s{QUAL}*$")),  # "saving the cost 43%"
)  # fmt: skip
ABSOLUTE_AFTER = (
    ("cost.count", re.compile(rf"^[ -]*(?:{_ADJECTIVES}|of )*C")),  # "24M FLOPs", "3 billion-parameter"
)
ABSOLUTE_BEFORE = (
    (
        "cost.noun_of",
        re.compile(
            rf"C+(?: \([^()]{{0,12}}\))?(?: (?:budget|usage|count|constraint|size))?(?: (?:as|is|are|was|were|of|to|at|from|reduced to))?(?: of)?\s?[=:]?\s*{QUAL}*$"
        ),
    ),  # "batch size of 4096"
)

# a bare comparison of speed or size: "25% faster", "an over 21 times convergence speedup", "2900x smaller"
SPEED_AFTER = re.compile(
    r"^\s*(?:[a-z-]+ ){0,3}?(?:faster|quicker|slower|speed-?ups?|accelerations?|faster speeds?|speed\b|speeding up|more efficient|inference|rtf|real-?time)"
)
SPEED_BEFORE = re.compile(
    rf"(?:speed(?:s|ed|ing)?[- ]?ups?|faster|acceleration|accelerat\w+|quicker|speed)(?: [^;NM,]{{0,40}}?)?(?: ?\(?(?:by|of|to|is|reaches))?\s*{QUAL}*\(?$"
)
SIZE_AFTER = re.compile(
    r"^\s*(?:[a-z-]+ ){0,2}?(?:smaller|compact|compressed|compression|lighter|shorter|reductions? in (?:token|size)|lossless|more compact)"
)
SIZE_BEFORE = re.compile(
    rf"(?:compress\w*|smaller|shrink\w*|(?:reduc\w+|decreas\w+) [^;NMC]{{0,40}}?(?:size|footprint|storage))[^;NM,]{{0,30}}?(?:by|of|to)?\s*{QUAL}*$"
)
TOKENS_NEAR = re.compile(r"token")
DATA_AFTER = re.compile(r"^\s*(?:less|fewer|more) (?:[a-z-]+ ){0,2}(?:data|samples|examples|labels|images|annotations)\b")
SAVINGS_AFTER = re.compile(
    r"^\s*(?:[a-z-]+ ){0,1}?(?:cheaper|less expensive|more expensive|cost reductions?|cost savings?|less costly|costs?\b)"
)
