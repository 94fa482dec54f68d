"""What is a cost: nouns and units, and how a number is tied to them."""
# ruff: noqa: E501 - a pattern stays on one line, beside its id

from __future__ import annotations

import re

from claims.extraction.openings import Opened
from claims.terms import CostMeasure as Measure

# what is timed: "generation time", "decoding speed"
_TIMED = (
    "inference", "computation", "computing", "sampling", "generation", "decoding", "running", "run", "processing", "execution",
    "evaluation", "test", "testing", "prediction", "planning", "reasoning", "rendering", "solving", "retrieval", "query", "search and rescue",
    "reconstruction", "optimization", "optimisation", "simulation", "matching", "registration",
)  # fmt: skip
# what parameters, tokens and costs are called by, one or several of them
_OF_PARAMETERS = (
    "trainable", "learnable", "total", "model", "active", "activated", "network", "tunable", "weight", "additional", "extra", "embedding",
)  # fmt: skip
_OF_TOKENS = (
    "discrete", "image", "visual", "vision", "latent", "input", "output", "text", "video", "codebook", "reasoning", "generated",
    "continuous", "prompt",
)  # fmt: skip
_OF_COSTS = ("overall", "total", "api", "monetary", "operational", "average")
# (measure, noun); the first that matches at a place wins, so the longer ones come first
_NOUNS: tuple[tuple[Measure, str], ...] = (
    (Measure.BATCH_SIZE, r"(?:mini-?)?batch[- ]sizes?"),
    (Measure.MODEL_SIZE, r"(?:model|embedding|network|checkpoint|representation|index)[- ]sizes?|model footprints?|compression (?:ratio|rate|factor)s?"),
    (Measure.COMPRESSION, r"compression"),
    (Measure.TRAINING_COST, r"(?:pre-?training|training|fine-?tuning) (?:costs?|compute|computation|budgets?|flops|overhead)|annotation costs?|cost of training"),
    (Measure.TRAINING_TIME, r"(?:pre-?training|training|fine-?tuning|convergence) (?:time|duration|speed|wall-clock time)|wall-clock time|wall time|gpu time"),
    (Measure.SEARCH_TIME, r"search (?:time|costs?)"),
    (Measure.INFERENCE_COST, r"inference (?:costs?|compute|computation|overhead|budgets?|flops)|(?:average )?costs? per query|serving costs?"),
    (Measure.GPU_HOURS, r"[gt]pu[- ](?:hours|days)\b"),
    (Measure.INFERENCE_TIME, rf"(?:{'|'.join(_TIMED)})[- ](?:time|speed|runtime)s?|runtimes?|run-time|run time"),
    (Measure.LATENCY, r"(?:inference )?latenc(?:y|ies)|response times?|time-to-first-token"),
    (Measure.THROUGHPUT, r"throughputs?|frame rates?"),
    (Measure.TRAINING_DATA, r"(?:labell?ed |training |pre-?training |annotated |unlabell?ed |annotation )+(?:data|samples|examples|images|labels|sets?)|label efficiency|data efficiency|sample efficiency|annotations"),
    (Measure.PARAMETERS, rf"(?:(?:{'|'.join(_OF_PARAMETERS)}) )*param(?:eter)?s?\b(?: counts?)?"),
    (Measure.MACS, r"[gmt]?macs?\b|multiply-?adds?|mult-?adds?|multiply-accumulate(?: operations)?|multi-adds|madds"),
    (Measure.FLOPS, r"[kgmtp]?flops?\b(?! ?/ ?s\b| per second)|floating[- ]point operations|(?:computation(?:al)?|compute) (?:costs?|complexity|demands?|overhead|budgets?|resources?|burden|load|requirements?)|computations?\b|operations\b|compute\b|bitops"),
    (Measure.NFE, r"nfes?\b|function evaluations|sampling steps|denoising steps|inference steps|diffusion steps"),
    (Measure.EPOCHS, r"(?:training |pre-?training |fine-?tuning )?epochs?"),
    (Measure.STEPS, r"(?:training |optimi[sz]ation |gradient |environment )?(?:iterations|training steps|gradient steps|environment steps)"),
    (Measure.TOKENS, rf"(?:(?:{'|'.join(_OF_TOKENS)}) )*tokens?\b(?! ?/| per)|token (?:numbers?|counts?|usage|consumption|budget)|tokens"),
    (Measure.MEMORY, r"(?:peak |gpu |inference |training |ram |run-?time )*(?:memory|ram)\b(?: (?:usage|footprint|consumption|requirements?|costs?|overhead))?|kv[- ]?cache(?: size| memory)?"),
    (Measure.STORAGE, r"storage(?: (?:space|costs?|requirements?|overhead))?|disk space|rom\b(?: usage)?"),
    (Measure.INFERENCE_COST, rf"(?:(?:{'|'.join(_OF_COSTS)}) )*costs?"),
    (Measure.ENERGY, r"(?:energy|power)(?: (?:consumption|usage|costs?|efficiency))?|carbon (?:footprint|emissions?)"),
)  # fmt: skip

MEASURES: tuple[Measure, ...] = tuple(measure for measure, _ in _NOUNS)
COST_NOUN = Opened(
    re.compile(
        r"(?<![a-z0-9])(?<!hyper-)(?<!multi-)(?<!pre-)(?:"
        + "|".join(f"(?P<m{i}>{noun})" for i, (_, noun) in enumerate(_NOUNS))
        + r")(?![a-z0-9])"
    ),
    # what the nouns above begin with, as far as it takes to tell them from words that cost nothing: "image tokens" from "image"
    (
        # the first three open other nouns, too
        *(f"{word}{gap}{noun}" for word in _TIMED[3:] for gap in "- " for noun in ("time", "speed", "runtime")),
        *(f"{word} {noun}" for word in _OF_PARAMETERS for noun in (*_OF_PARAMETERS, "param")),
        *(f"{word} {noun}" for word in _OF_TOKENS for noun in (*_OF_TOKENS, "token")),
        *(f"{word} {noun}" for word in _OF_COSTS for noun in (*_OF_COSTS, "cost")),
        *(f"{word}{gap}size" for word in ("model", "embedding", "network", "checkpoint", "representation", "index") for gap in "- "),
        *(f"{word} {noun}" for word in ("optimization", "optimisation") for noun in ("it", "tr", "gr", "en")),
        *(f"{word} {noun}" for word in ("gradient", "environment") for noun in ("it", "tr", "gr", "en", "st")),
        "mini-b", "minib", "batch-s", "batch s", "model foot", "latenc", "compress", "pre-train", "pretrain", "training ", "fine-tuning ",
        "finetuning ", "annotat", "cost", "convergence ", "wall", "gpu ", "gpu-", "tpu ", "tpu-", "search t", "search c", "inference-",
        "inference ", "serving", "sampling steps", "runtime", "run-time", "response t", "time-to", "throughput", "frame rate", "labele",
        "labelle", "label e", "unlabel", "data effic", "sample effic", "param", "mac", "gmac", "mmac", "tmac", "multiply", "mult-a",
        "multa", "multi-a", "madds", "flop", "kflop", "gflop", "mflop", "tflop", "pflop", "floating", "comput", "operations", "bitops",
        "nfe", "function eval", "denoising steps", "diffusion steps", "epoch", "iterations", "token", "peak ", "ram", "memory", "kv",
        "storage", "disk", "rom", "energy", "power", "carbon",
    ),
    behind=" ",
)  # fmt: skip

# (measure, pattern right after the number, unit as stated, factor to the canonical unit; None: the measure has none)
UNITS: tuple[tuple[Measure | None, re.Pattern[str], str, float | None], ...] = (
    (Measure.GPU_DAYS, re.compile(r"^[ -]{0,3}(?:(?:nvidia |tesla )?(?:[vahtp]\d{1,3}|rtx ?\d{4}|titan \w+|\d+ ?gb)[ -])?gpus?[ *·-]?\*?(?:days?)\b"), "GPU days", 24.0),
    (Measure.GPU_HOURS, re.compile(r"^[ -]{0,3}(?:(?:nvidia |tesla )?(?:[vahtp]\d{1,3}|rtx ?\d{4}|titan \w+|\d+ ?gb)[ -])?gpus?[ *·-]?\*?(?:hours?|hrs?|h)\b"), "GPU hours", 1.0),
    (Measure.GPU_HOURS, re.compile(r"^[ -]{0,3}[vahtp]\d{2,3}[ -](?:hours?|hrs?)\b"), "GPU hours", 1.0),
    (Measure.GPU_DAYS, re.compile(r"^[ -]{0,3}[vahtp]\d{2,3}[ -]days?\b"), "GPU days", 24.0),
    (Measure.TPU_HOURS, re.compile(r"^[ -]{0,3}tpu(?:v\d)?(?:[ -]core)?[ -]?(?:hours?|hrs?)\b"), "TPU hours", 1.0),
    (Measure.TPU_HOURS, re.compile(r"^[ -]{0,3}tpu(?:v\d)?(?:[ -]core)?[ -]?days?\b"), "TPU days", 24.0),
    (Measure.LATENCY, re.compile(r"^[ -]{0,3}\(?(?:ms|milliseconds?|msec)\b"), "ms", 1e-3),
    (Measure.LATENCY, re.compile(r"^[ -]{0,3}(?:us|µs|μs|microseconds?)\b"), "us", 1e-6),
    (Measure.THROUGHPUT, re.compile(r"^[ -]{0,3}(?:fps|frames? ?(?:per|/) ?s(?:ec(?:ond)?)?)\b"), "fps", 1.0),
    (Measure.THROUGHPUT, re.compile(r"^[ -]{0,3}hz\b"), "Hz", 1.0),
    (Measure.THROUGHPUT, re.compile(r"^[ -]{0,3}(?:images?|imgs?) ?(?:per|/) ?s(?:ec(?:ond)?)?\b"), "images/s", 1.0),
    (Measure.THROUGHPUT, re.compile(r"^[ -]{0,3}samples? ?(?:per|/) ?s(?:ec(?:ond)?)?\b"), "samples/s", 1.0),
    (Measure.THROUGHPUT, re.compile(r"^[ -]{0,3}videos? ?(?:per|/) ?s(?:ec(?:ond)?)?\b"), "videos/s", 1.0),
    (Measure.THROUGHPUT, re.compile(r"^[ -]{0,3}queries ?(?:per|/) ?s(?:ec(?:ond)?)?\b"), "queries/s", 1.0),
    (Measure.THROUGHPUT, re.compile(r"^[ -]{0,3}tokens? ?(?:per|/) ?s(?:ec(?:ond)?)?\b"), "tokens/s", 1.0),
    (Measure.MEMORY, re.compile(r"^[ -]{0,3}(?:gib)\b"), "GiB", 2.0**30),
    (Measure.MEMORY, re.compile(r"^[ -]{0,3}(?:mib)\b"), "MiB", 2.0**20),
    (Measure.MEMORY, re.compile(r"^[ -]{0,3}(?:kib)\b"), "KiB", 2.0**10),
    (Measure.MEMORY, re.compile(r"^[ -]{0,3}(?:tb|terabytes?)\b"), "TB", 1e12),
    (Measure.MEMORY, re.compile(r"^[ -]{0,3}(?:gb|gigabytes?)\b"), "GB", 1e9),
    (Measure.MEMORY, re.compile(r"^[ -]{0,3}(?:mb|megabytes?)\b"), "MB", 1e6),
    (Measure.MEMORY, re.compile(r"^[ -]{0,3}(?:kb|kilobytes?)\b"), "KB", 1e3),
    (Measure.STORAGE, re.compile(r"^[ -]{0,3}bytes?\b"), "bytes", 1.0),
    (Measure.ENERGY, re.compile(r"^[ -]{0,3}(?:mj|millijoules?)\b"), "mJ", 1e-3),
    (Measure.ENERGY, re.compile(r"^[ -]{0,3}(?:joules?)\b"), "J", 1.0),
    (Measure.ENERGY, re.compile(r"^[ -]{0,3}(?:kwh)\b"), "kWh", 3.6e6),
    (Measure.ENERGY, re.compile(r"^[ -]{0,3}(?:mw|milliwatts?)\b"), "mW", None),
    (Measure.ENERGY, re.compile(r"^[ -]{0,3}(?:w|watts?)\b(?!/)"), "W", None),
    (None, re.compile(r"^[ -]{0,3}(?:days?)\b"), "days", 86400.0),
    (None, re.compile(r"^[ -]{0,3}(?:hours?|hrs?)\b"), "hours", 3600.0),
    (None, re.compile(r"^[ -]{0,3}(?:minutes?|mins?)\b"), "min", 60.0),
    (None, re.compile(r"^[ -]{0,3}(?:seconds?|secs?|s)\b(?!-)"), "s", 1.0),
)  # fmt: skip

# most numbers have none of these behind them
_BEFORE_UNIT = "^[ -]{0,3}"  # all begin with it: tried once
ANY_UNIT = re.compile(_BEFORE_UNIT + "(?:" + "|".join(pattern.pattern.removeprefix(_BEFORE_UNIT) for _, pattern, _, _ in UNITS) + ")")

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
SIZE_WORDS = re.compile(r"(?:model|checkpoint|network)(?: \w+)?(?: of| is| with| =|:)? (?:only |just )?$|^ (?:model|checkpoint)")
BYTES = re.compile(r" {0,3}[kmgt]?(?:i?b|bytes?)\b")
# "50 US hospitals", "45 MS patients", "83.1 w/ and 81.2 w/o augmentation", "3 MW": in capitals, or not, these are no units of costs
NOT_AS_WRITTEN = re.compile(r"^[ -]{0,3}(?:US|MS|S|H|w|MW|MJ)\b")
# "80 TB patients", "10 kb reads", "25 ms windows": what is counted, or cut
COUNTED_BEHIND = re.compile(
    r"^ (?:patients?|hospitals?|subjects?|participants?|individuals|people|adults|children|women|men|cases?|cohorts?|controls|reads?|genomes?|sequences?|regions?|loci|states|cities|counties|citizens|companies|universities|windows?|frames?\b(?! rate)|hops?|chunks?|segments?|intervals?|shifts?)\b"
)
# "rates of 500 Hz" are a servo's, a sampler's or a band's, unless something is run
RUN_AT = re.compile(
    r"\b(?:runs?|running|ran|inference|infer\w*|operat\w+|execut\w+|processing|deployed|control(?:led|ler|s)?) (?:(?!switch|sampl|bandwidth|refresh|frame|cutoff|frequency band)[^.;]){0,56}$"
)
# "8 A100 80GB GPUs", "4 A40 GPUs (48 GB VRAM each)": what a machine has, not what a model takes
MACHINE_BEHIND = re.compile(
    r"^[ -](?:(?:nvidia|amd|consumer|commodity|single|[vah]\d{2,3}|a\d{4}|rtx(?: \d{4})?) ?)*(?:gpus?|tpus?|cards?|accelerators?|machines?|[vah]\d{2,3}s?)\b(?! (?:memory|ram|vram|footprint|usage|consumption))|^ ?(?:of )?(?:gpu )?(?:v?ram|memory|hbm\w*) each\b"
)
MACHINE_BEFORE = re.compile(
    r"\b(?:gpus?|tpus?|[vah]\d{2,3}s?|a\d{4}|rtx \d{4}(?: ti)?|orin|jetson \w+)(?: ?\(| with (?:an? )?| having | each with |-)?$"
)
# "825 GiB of text", "a 40 GB dataset": how much of it there is
DATA_BEHIND = re.compile(
    r"^(?: (?:and|to|or) \d[\d.]{0,6} ?[kmgt]i?b)? (?:of (?!memory|v?ram|gpu|storage)(?:[\w-]+ ){0,3}|(?:large |public |raw |new |text |training |video |image ){0,2})(?:texts?|data|data-?sets?|corpus|corpora|images|imagery|videos?|audio|speech|tokens|documents|code|files|logs|footage|recordings)\b"
)
TRAIN_WORDS = re.compile(r"train|fine-?tun|pre-?train|converge")
SEARCH_WORDS = re.compile(r"search")
INFER_WORDS = re.compile(
    r"infer|generat|sampl|process|per (?:image|frame|query|sample|step|video)|decod|detect|latency|run|predict|reconstruct|respon"
)
NO_COST_TIME_BEFORE = re.compile(
    r"(?:recordings?|clips?|videos?|segments?|utterances?|windows?|audio|speech|horizons?|intervals?|chunks?|songs?) (?:of|is|are|was) (?:up to |about |only )?$|\b(?:next|past|last|previous|following|coming|upcoming|first|every|each) (?:about )?$"
)
NO_COST_TIME = re.compile(
    r"^.{0,12}\b(?:of (?:[\w-]+ ){0,3}(?:speech|audio|video|data|recording|experiments|footage|driving|demonstration|music|play|teleoperation)|long|videos?|clips?|speech|audio|recordings?|horizon|ahead|forecast"
    # "4 hours prior to onset", "30-day mortality", "a 5.2-hour training subset"
    r"|prior|in advance|beforehand|later|after|before (?:onset|the onset|clinical|diagnosis|the event|departure|failure)|mortality|readmission|survival|lead\b|intervals?|windows?|follow-?up|(?:[a-z]+ ){0,2}(?:subset|corpus|corpora|data-?set|interviews?|samples?|segments?|sessions?))"
)

# atomic, and the longer ones first: "a factor of" has one reading and not two, or a row of them would have a thousand
QUAL = r"(?>(?:an average of|a factor of|a total of|a mere|a remarkable|up ?to|about|around|approximately|roughly|nearly|almost|only|just|over|more than|less than|at least|at most|as (?:much|many|little|few|high|low) as|(?:greater|higher|larger|lower) than|above|exceeding|an?\b|the|average|on average|significantly|further|merely|another|factor of|mere|by|~|≤|≥|≈|<|>|also|still|remarkable)\s*)"
# "on less than 12% of the tokens": what is used up
USED_BEFORE = re.compile(
    rf"\b(?:(?!mask)[a-z]+ing|with|uses?|on|from|to|keep\w*|retain\w*|process\w*|consum\w+|needs?|requir\w+|sav\w+|prun\w+|only|just|generat\w+)\s*(?:fewer than |{QUAL})*$"
)
_MORE = (
    r"(?:fewer|less|lower|smaller|more|higher|larger|faster|reduced|cheaper|better|greater|shorter|additional|extra|increased?|improved)"
)
_ADJECTIVES = r"(?:(?:number of|amount of|total|overall|real|actual|model|in|of|the|its|their|our|all|as (?:much|many)|training|inference|peak|theoretical|computational|rollout|only|average|relative|original|required|respective|on-device|end-to-end|gpu|cpu|mobile|wall-clock|extra|additional|full|standard)[ -])"

# (id, before the number, after the number, ratio or absolute); the cost noun is the first C of whichever side matched
RATIO_AFTER = (
    ("cost.ratio.fewer", re.compile(rf"^\s*{_MORE} {_ADJECTIVES}*C")),  # "69% fewer parameters"
    ("cost.ratio.of", re.compile(rf"^\s*(?:{_MORE} )?(?:of|the|as much|as many|less|fewer) {_ADJECTIVES}*C")),  # "1% of the storage"
    ("cost.ratio.reduction", re.compile(rf"^\s*{_ADJECTIVES}*C+ (?:C+ )?(?:reductions?|savings?|improvements?|increase|overhead|decrease|gains?|drop|cut|boost|speed-?ups?|factors?|reduced|saved)")),  # "62% GFLOPs reduction"
    ("cost.ratio.reduction_in", re.compile(rf"^\s*(?:(?:relative|significant|average|overall) )?(?:reductions?|savings?|improvements?|increase|decrease|drop|cut|lower|overhead|boost)(?: (?:in|of|on|for))(?: {_ADJECTIVES})* ?{_ADJECTIVES}*C")),  # "a reduction of 28% in computational demand"
    ("cost.ratio.times", re.compile(rf"^\s*{_ADJECTIVES}*C")),  # "0.72 times trainable parameters", for x and %
    ("cost.ratio.for", re.compile(rf"^\s*(?:for|in|on) {_ADJECTIVES}*C")),  # "4.80x and 3.44x for latency and model size"
)  # fmt: skip
RATIO_BEFORE = (
    ("cost.ratio.by", re.compile(rf"(?<!^-)(?<!N-)(?<!C)C+(?:(?:(?!outperform|surpass|exceed|achiev|better|improv|gain)[^;NMC]){{0,70}}?)\b(?:by|to|of|with)\s*{QUAL}*\(?\s*$")),  # "reducing latency by 15%"; in "the 1600-epoch baseline by 2%" a number says how many
    ("cost.ratio.reduces_by", re.compile(rf"(?:reduc|sav|cut|lower|shrink|compress|accelerat|speed|decreas)\w* [^;NM]{{0,60}}?C+[^;NMC]{{0,30}}?\s{QUAL}*$")),  # "saving the cost 43%"
)  # fmt: skip
ABSOLUTE_AFTER = (
    ("cost.count", re.compile(rf"^[ -]*{_ADJECTIVES}*C")),  # "24M FLOPs", "3 billion-parameter"
)
ABSOLUTE_BEFORE = (
    (
        "cost.noun_of",
        re.compile(
            rf"(?<!C)C++(?: \([^()]{{0,12}}\))?(?: (?:budget|usage|count|constraint|size))?(?: (?:as|is|are|was|were|of|to|at|from|reduced to))?(?: of)?\s?[=:]?\s*{QUAL}*\(?$"
        ),
    ),  # "batch size of 4096"
)

# a bare comparison of speed or size: "25% faster", "an over 21 times convergence speedup", "2900x smaller"
SPEED_AFTER = re.compile(
    r"^\s*(?:[a-z-]+ ){0,3}?(?:faster|quicker|slower|speed-?ups?|accelerations?|faster speeds?|speed\b|speeding up|more efficient|inference|rtf|real-?time)"
)
SPEED_BEFORE = re.compile(
    rf"(?:speed(?:s|ed|ing)?[- ]?ups?|faster|acceleration(?= (?:of|by|is))|accelerat(?!ion)\w+|quicker|speed)(?: [^;NM,]{{0,40}}?)?(?: ?\(?(?:by|of|to|is|reaches))?\s*{QUAL}*\(?$"
)
SIZE_AFTER = re.compile(
    r"^\s*(?:[a-z-]+ ){0,2}?(?:smaller(?! (?:[a-z-]+ )?(?:performance|errors?|gap|gaps|degradation|loss|losses|drop|drops|variance|deviation|distance|difference))|compact|compressed|compression|lighter|shorter|reductions? in (?:token|size)|lossless|more compact)"
)
SIZE_BEFORE = re.compile(
    rf"(?:compress\w*|smaller|shrink\w*|(?:reduc\w+|decreas\w+) [^;NMC]{{0,40}}?(?:size|footprint|storage))[^;NM,]{{0,30}}?(?:by|of|to)?\s*{QUAL}*$"
)
# "16% faster", "by 16% in speed"; what is smaller must not be an error
PERCENT_AFTER = re.compile(
    r"^\s*(?:[a-z-]+ ){0,2}?(?:faster|slower|quicker|speed-?up|acceleration|cheaper|smaller(?! (?:[a-z-]+ )?(?:performance|error|gap|degradation|loss|drop|variance|deviation|distance|difference)))|^ in (?:[a-z]+ )?speed\b"
)
TOKENS_NEAR = re.compile(r"token")
DATA_AFTER = re.compile(
    r"^\s*(?:less|fewer|more) (?:[a-z-]+ ){0,2}(?:data|samples|examples|labels|images|annotations|demonstrations|trajectories|interactions|episodes|queries)\b"
)
SAVINGS_AFTER = re.compile(
    r"^\s*(?:[a-z-]+ ){0,1}?(?:cheaper|less expensive|more expensive|cost reductions?|cost savings?|less costly|costs?\b)"
)
