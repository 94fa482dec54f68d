"""How models, backbones and unknown datasets look in a text, and how a paper gives its method a name."""
# ruff: noqa: E501 - a pattern stays on one line, beside its id

from __future__ import annotations

import re

from claims.extraction.openings import Opened

# "TransNeXt-Tiny", "LR^2VQ", "SeiT++", "wav2vec 2.0", "ViT-B/16", "R3D-50"; no part is ever read again in another way, so none need be kept
_SHAPE = r"(?<![A-Za-z0-9_\\])(?=[A-Za-z][a-z^_/.@-]*+[A-Z0-9])[A-Za-z][A-Za-z0-9]*+(?:(?<=\d)\.(?=\d)[A-Za-z0-9]++)*+(?:[-_/^@.][A-Za-z0-9]++(?:\.\d++)?+)*+\+*+(?: [vV]\d(?:\.\d)?\b)?"
# what holds no capital and no digit and ends in a blank holds no such name and no beginning of one: it is read over, many times as fast
# as trying every place of it, and what stands behind it is tried in the same match; bounded, as a text without blanks is tried from each
# place. The first group is the name behind such a run, the second one without it; both may be missing.
SHAPE = re.compile(rf"[^A-Z0-9]{{0,200}} ({_SHAPE})?|({_SHAPE})")

# "wav2vec 2.0", "MobileNetV2 0.75": the release or width behind a name that holds a digit itself
RELEASE = re.compile(r" (?:\d\.\d|0\.[27]5|0\.35)(?![\d%x])(?= [a-z(]|[,.;:])")

_BACKBONES = (
    r"(?:wide[- ]?|se[- ]?|3d[- ]|pre-?act[- ]|i)?res-?net|resnext|wrn|wide-?resnet|vgg(?:net)?|densenet|mobile-?net|shuffle-?net|squeeze-?net|efficient-?net|reg-?net\w?|"
    r"inception|xception|alex-?net|googlenet|convnext|deit|swin(?:[- ]transformer)?|vit|vision transformer|mixer|mlp-mixer|pvt|cait|beit|nfnet|r3d|i3d|c3d|s3d|"
    r"slowfast|x3d|hrnet|darknet|resnest|bert|roberta|albert|deberta|distilbert|electra|gpt|t5|bart|llama|mistral|qwen|vicuna|opt|bloom|pythia|gemma|phi|"
    r"faster[- ]r-?cnn|mask[- ]r-?cnn|cascade(?: mask)? r-?cnn|fast[- ]r-?cnn|retinanet|fcos|detr|upernet|deeplab|pspnet|fpn|u-?net|dit|sit|u-?vit|mobilevit|random forests?|xgboost|lightgbm|catboost|logistic regression|naive bayes|decision trees?|gradient boosting|pointnet|poolformer|volo|xcit|levit|coat|lenet|chatgpt|deepseek|mixtral|claude(?:[- ]\d(?:\.\d)?)?(?:[- ](?:opus|sonnet|haiku))?|gemini(?:[- ]\d(?:\.\d)?)?(?:[- ](?:pro|ultra|flash))?"
)
_NO_SCORE = r"(?! ?%)"
# "ResNet-50", "GPT 3.5", "Llama 3 70B": sizes and releases; in "ResNet-50 76.1%" and "ViT 96.36" scores follow the name
_SIZES = rf"(?:-?v?\d[\w.]*+{_NO_SCORE}|(?<!\d) v?(?:\d{{1,4}}[A-Za-z]{{0,3}}|\d\.\d)(?!\w|\.\d){_NO_SCORE}| \d{{1,3}}(?:\.\d)?[BM]\b|[-/][\w.]++{_NO_SCORE}|-?[SBLHTGMX]{{1,2}}\b)"
BACKBONE = Opened(
    re.compile(
        rf"(?<![A-Za-z0-9_-])(?i:(?:{_BACKBONES})){_SIZES}*(?: \((?:[A-Z0-9][\w-]*)\))?(?:[-_/][\w.]++{_NO_SCORE})*s?(?![A-Za-z0-9])"
    ),
    # what the backbones above begin with, in lower case
    (
        "wideres", "wide-res", "wide res", "seres", "se-res", "se res", "3d-res", "3d res", "preact-res", "preact res", "pre-act-res",
        "pre-act res", "ires", "resnet", "res-net", "resnext", "wrn", "vgg", "densenet", "mobilenet", "mobile-net", "mobilevit",
        "shufflenet", "shuffle-net", "squeezenet", "squeeze-net", "efficientnet", "efficient-net", "regnet", "reg-net", "inception",
        "xception", "alexnet", "alex-net", "googlenet", "convnext", "deit", "swin", "vit", "vision transformer", "mixer", "mlp-mixer",
        "pvt", "cait", "beit", "nfnet", "r3d", "i3d", "c3d", "s3d", "slowfast", "x3d", "hrnet", "darknet", "resnest", "bert", "roberta",
        "albert", "deberta", "distilbert", "electra", "gpt", "t5", "bart", "llama", "mistral", "qwen", "vicuna", "opt", "bloom",
        "pythia", "gemma", "phi", "faster r", "faster-r", "mask r", "mask-r", "cascade r", "cascade mask r", "fast r", "fast-r",
        "retinanet", "fcos", "detr", "upernet", "deeplab", "pspnet", "fpn", "unet", "u-net", "dit", "sit", "uvit", "u-vit", "pointnet",
        "random forest", "xgboost", "lightgbm", "catboost", "logistic regression", "naive bayes", "decision tree", "gradient boosting",
        "poolformer", "volo", "xcit", "levit", "coat", "lenet", "chatgpt", "deepseek", "mixtral", "claude", "gemini",
    ),
    behind=" ",
)  # fmt: skip
# models of their own, not what a method is put on
CLASSIC = re.compile(r"(?i)random forest|xgboost|lightgbm|catboost|logistic regression|naive bayes|decision tree|gradient boosting")
# models that others have released and that a paper asks, other than what it builds on
RELEASED = re.compile(
    r"(?i)(?:chat)?gpt(?![a-z])|claude|gemini|llama|qwen|mistral|mixtral|gemma|phi-?\d|deepseek|vicuna|(?:opt|bloom|pythia)-\d"
)
DETECTOR = re.compile(r"(?i)r-?cnn|retinanet|fcos|^detr|upernet|deeplab|pspnet|fpn|framework")

# capitals that are no model
HYPHENATED = re.compile(r"[A-Z]?[a-z]+(?:-[a-z]+)+")
NOT_A_MODEL = frozenset(
    [
        "sota",
        "cnn",
        "cnns",
        "dnn",
        "dnns",
        "nas",
        "gpu",
        "gpus",
        "tpu",
        "tpus",
        "cpu",
        "cpus",
        "flops",
        "gflops",
        "mflops",
        "macs",
        "gmacs",
        "ai",
        "llm",
        "llms",
        "vlm",
        "vlms",
        "nlp",
        "sgd",
        "adam",
        "adamw",
        "rgb",
        "code",
        "github",
        "rnn",
        "rnns",
        "lstm",
        "lstms",
        "gan",
        "gans",
        "mlp",
        "mlps",
        "transformer",
        "transformers",
        "vits",
        "relu",
        "gelu",
        "pgd",
        "fgsm",
        "dl",
        "ml",
        "rl",
        "ssl",
        "ood",
        "id",
        "api",
        "http",
        "https",
        "pytorch",
        "tensorflow",
        "jax",
        "cuda",
        "nvidia",
        "intel",
        "amd",
        "arm",
        "int8",
        "int4",
        "fp16",
        "fp32",
        "fp8",
        "fp4",
        "bf16",
        "bfloat16",
        "w4a4",
        "w8a8",
        "2d",
        "3d",
        "1d",
        "qa",
        "mt",
        "tts",
        "mllm",
        "mllms",
        "lvlm",
        "lvlms",
        "nar",
        "vqa",
        "ocr",
        "slam",
        "sfm",
        "imu",
        "lidar",
        "bn",
        "ln",
        "svd",
        "pca",
        "fft",
        "dct",
        "gnn",
        "gnns",
        "gcn",
        "gcns",
        "ann",
        "anns",
        "knn",
        "svm",
        "mdp",
        "pomdp",
        "sota.",
        "url",
        "ii",
        "iii",
        "iv",
        "usa",
        "eu",
        "icml",
        "iclr",
        "neurips",
        "cvpr",
        "iccv",
        "eccv",
        "aaai",
        "acl",
        "emnlp",
        "arxiv",
        "v100",
        "a100",
        "h100",
        "ram",
        "rom",
        "iot",
        "dsp",
        "fpga",
        "asic",
        "ipc",
        "ipcs",
        "lora",
        "peft",
        "sft",
        "rlhf",
        "dpo",
        "grpo",
        "cot",
        "rag",
        "moe",
        "iid",
        "non-iid",
        "pre-trained",
        "self-supervised",
        "state-of-the-art",
        "stereo",
        "u.s",
        "e.g",
        "i.e",
        "w.r.t",
        "ema",
        "kd",
        "vae",
        "vaes",
        "ldm",
        "nfe",
        "cfg",
        "ablation",
        "ar",
        "flop",
        "mac",
        "param",
        "params",
        "psnr",
        "ssim",
        "hpo",
        "iou",
        "c1",
        "s1",
        "r1",
        "snn",
        "db",
        "hz",
        "mm",
        "khz",
        "convnet",
        "convnets",
        "fps",
        "snns",
        "bnn",
        "bnns",
        "ptq",
        "qat",
        "tta",
        "uda",
        "ssda",
        "cil",
        "fl",
        "dp",
        "dg",
        "ood",
        "clip-based",
        "ci",
        "sql",
        "fpr",
        "tpr",
        "roc",
        "wsi",
        "wsis",
        "mri",
        "mris",
        "eeg",
        "ecg",
        "uav",
        "uavs",
        "html",
        "json",
        "xml",
        "pdf",
        "csi",
        "rf",
        "hmm",
        "crf",
        "mse",
        "cctv",
        "gps",
        "rgbd",
        "rgb-d",
        "bert-based",
        "llm-based",
        "uspto",
        "e2e",
        "bci",
        "hci",
        "ads",
        "dof",
        "cad",
        "cbct",
        "oct",
        "pet",
        "ehr",
        "ehrs",
        "icu",
        "snr",
        "sars-cov-2",
        "covid-19",
        "dna",
        "rna",
        "cpu-only",
        "kb",
        "mb",
        "gb",
        "tb",
        "kib",
        "mib",
        "gib",
        "tib",
        "ms",
        "vram",
        "asr",
    ]
)

_WORD = r"[A-Za-z](?:[\w+^/-]|\.(?=\w))*"
_NAMED = re.compile(
    r"(?:dubbed|termed|called|named|coined|denoted(?: as)?|referred to as|refer to (?:it |this )?as|(?:we|which we) (?:name|call|term|dub)(?: it| this| our \w+)?|"
    r"abbreviated as|nicknamed|namely|codenamed)(?: (?:as|the|a|an|model|our))*,?\s*(?:[\"'(]+\s*)?(?P<name>"
    + _WORD
    + r"(?: [A-Z](?:[\w+^/-]|\.(?=\w))*| [vV]\d\S*| \d(?:\.\d)?(?!\S))*)"
)
NAMED = Opened(
    _NAMED,
    ("dubbed", "termed", "called", "named", "coined", "denoted", "referred to as", "refer to", "we name", "we call", "we term", "we dub",
     "which we ", "abbreviated as", "nicknamed", "codenamed", "namely"),
)  # fmt: skip
_PRESENTED = re.compile(
    r"(?:[Ww]e|paper|work|report|article|study|letter)(?: \w+ly| further| also| then| first| therefore| thus| here)?(?:,? [\w' ]{0,40}+,)?"
    r" (?:propose|proposes|introduce|introduces|present|presents|develop|develops|design|designs|describes|describe|devise|release|releases|build|create|explores?|studies) "
    r"(?:(?:a|an|the|our|new|novel|simple|method|framework|model|called|and|efficient|effective|general|open) ){0,4}+(?P<name>(?=[A-Z])"
    + _WORD
    + r"(?: [A-Z](?:[\w+^/-]|\.(?=\w))*| [vV]\d\S*| \d(?:\.\d)?(?!\S)){0,4})"
)
PRESENTED = Opened(
    _PRESENTED,
    [subject + behind for subject in ("we", "We", "paper", "work", "report", "article", "study", "letter") for behind in (" ", ",")],
)
# the look ahead counts the characters up to the bracket at once: of a branch they would be counted one by one
PRESENTED_ACRONYM = Opened(
    re.compile(
        r"(?:propos\w{1,12}|introduc\w{1,12}|present\w{0,12}|develop\w{0,12}|design\w{0,12}|devis\w{1,12}|creat\w{1,12}|describ\w{1,12}|contribut\w{1,12})(?<!recently proposed)(?<!previously proposed)\s(?=[^.;()]{3,160}+\()(?:[^.;() ]++| (?!(?:from|by|using|with|on|against|than|between|across) ))++\((?P<name>[A-Z][\w.+^/-]{1,24})\)"
    ),
    ("propos", "introduc", "present", "develop", "design", "devis", "creat", "describ", "contribut"),
    needs=("(", 190),
)
# "we design a family of networks, FooNet-XY, which ..."
NEW_NAME = Opened(
    re.compile(
        r"(?:propos|introduc|present|develop|design|build|create)\w{0,12}+\s[^.;()]{3,120}?, (?P<name>[A-Z](?:[\w+^/-]|\.(?=\w)){1,24}), (?:an?|the|that|which|to|with)\b"
    ),
    ("propos", "introduc", "present", "develop", "design", "build", "create"),
    needs=(", ", 150),
)
# "our method (FooNet)", "our model, the Foo Transformer, ...", "our FooNet": nothing else can be its name
OURS = Opened(
    re.compile(
        r"(?:[Oo]ur(?: (?:proposed|novel|new|final|full|best|approach|simple|main))? (?:[a-z-]+ ){0,3}?(?:model|method|approach|framework|system|algorithm|network|architecture|pipeline|agent|technique|solution|strategy)s?,? (?:\(|called |named |dubbed |the )?(?P<name>(?=[A-Z])"
        + _WORD
        + r"(?: [A-Z](?:[\w+^/-]|\.(?=\w))*){0,3})(?=[),]| (?:achiev|obtain|reach|attain|outperform|surpass|improv|yield|is|can|has)))"
    ),
    ("our ", "Our "),
)
INTRODUCED = (OURS, NAMED, PRESENTED, PRESENTED_ACRONYM, NEW_NAME)
# a paper that measures what others made
EVALUATION_TITLE = re.compile(
    r"(?i)^(?:evaluating|benchmarking|assessing|comparing|auditing|probing|measuring|testing|revisiting|understanding|investigating|exploring the (?:limits|capabilit)|on the|how |do |does |can |are |is |what |why )|"
    r"\b(?:benchmarking study|comparative (?:study|analysis|evaluation)|an? (?:empirical|systematic|comprehensive|large-scale) (?:study|evaluation|analysis|comparison|investigation)|case study|critical study|an evaluation of)\b"
)
# titles of papers whose every system is somebody's
EVALUATION_START = re.compile(r"(?i)^(?:evaluating|benchmarking|assessing|comparing|auditing|reproduc\w+|replicat\w+)\b")
# "Foo-LiDAR From Visual Depth": a shaped word that a title begins with
TITLE_FIRST = re.compile(r"(?P<name>[A-Z][\w+-]*\w) (?:[Ff]or|[Ff]rom|[Vv]ia|[Ww]ith|[Ii]n|[Aa]s|[Ii]s|[Bb]y|[Tt]o)\b")
# "Kuncoro et al., 2016", "Foo & Bar (2016)": who others are
CITED = re.compile(r"[A-Z][a-z]+(?: et al\.?| (?:&|and) [A-Z][a-z]+)(?: \((?:19|20)\d\d\)|,? (?:19|20)\d\d)")

ACHIEVE = (
    r"(?:achiev\w+|attain\w*|reach\w*|obtain\w*|get|gets|yield\w*|deliver\w*|scor(?:es|ed|e|ing)|set|sets|establish\w*|outperform\w*|surpass\w*|improv\w+|exceed\w*|"
    r"gain\w*|boost\w*|reduc\w+|enjoy\w*|match\w*|beat|beats|demonstrat\w+|show\w*|has|have|had|report\w*|record\w*|hit|hits|increas\w+|rais\w+|perform\w*|produc\w+|"
    r"provid\w+|accelerat\w+|requir\w+|run|runs|consum\w+|makes?|made|finds?|found|keeps?|retain\w*|preserv\w+|needs?|wins?|won|loses?|lost|lower\w*|draws?|resolv\w+|solv\w+|answer\w*|complet\w+|succeed\w*|beats?|gives?|gave|stays?|remains?|drops?|lags?|suffers?|collapses?|equals?|brings?|predicts?|generates?|recovers?|save|saves|cut|cuts|use|uses|can|could|is|are|also|only|not|further|still|consistently|significantly|successfully|solv\w*|answers?|compresses)"
)
# the subject of a result, in the shadow: "TTTTTT achieves"; the name stands right before the verb
SUBJECT = re.compile(
    rf"(?P<name>[PV](?<![PV].)[PV]*)(?P<tail>(?: [PVV]+)?(?: \([^()]{{0,60}}\))?(?: (?:models?|variants?|network|trained [a-z ]{{0,30}}|architecture|detection|framework|method|approach|base|large|small|tiny|huge|based models?|baselines?))?,? (?:(?:it|which|that) )?)(?:{ACHIEVE})\b"
)

# "FooNet collects more reward": a name that opens its sentence does what the verb says
OPENING_SUBJECT = re.compile(r"(?:our |the )?(?P<name>P+) (?:[a-z]+ly )?[a-z]{3,}(?<!ss)s (?!of\b)")
VARIANT_WORDS = re.compile(
    r"\b(?:our |a |the )?(?P<variant>(?:tiny|small|base|large|huge|giant|nano|lightweight|smaller|larger|smallest|largest|best-performing|big|medium|xl)"
    r"(?:[- ]sized?)? (?:variant|version|model)|\d+[- ]layers?|\d+(?:\.\d+)?[bm] (?:model|variant|version))\b"
)
VARIANT_SIZES = (
    *("tiny", "small", "base", "large", "huge", "giant", "nano", "lightweight", "best-performing", "big", "medium", "xl"),
    *("-layer", " layer", *(f"{unit} {noun}" for unit in "bm" for noun in ("model", "variant", "version"))),
)
"""One of these stands in every match of `VARIANT_WORDS`, and so does one of `VARIANT_NOUNS`."""
VARIANT_NOUNS = ("model", "variant", "version", "layer")
"""One of these stands in every match of `VARIANT_WORDS`, and the first in every match of `OUR_KIND`."""
SIZE_AFTER_NAME = re.compile(r"^(?: model)? (?P<variant>tiny|small|base|large|huge|giant|xl)\b(?! (?:margin|set|scale|number|batch))")

# phrases that stand for a model of others; what has words before it is tried at each word of a text, and only where one of its own stands
_BASELINES = r"|\b(?:(?!the\b|a\b|an\b|of\b|to\b|than\b|over\b)[\w-]+ ){0,2}(?:baseline|counterpart)s?"
_PEOPLE = r"(?:[A-Za-z-]+ )?(?:[Pp]athologists|[Rr]adiologists|[Dd]ermatologists|[Cc]linicians|[Pp]hysicians|[Dd]octors|[Ss]urgeons|[Aa]nnotators|[Pp]articipants|[Ss]tudents|[Cc]rowd ?workers)(?= [a-z])|"
_OTHERS = (
    r"(?:(?:previous|prior|former|existing|current|comparable|today's|earlier|next|second)[ -](?:best )?(?:[A-Za-z-]+ ){0,3}?(?:state-of-the-art|SOTA|best|methods?|models?|works?|approach(?:es)?|results?|competitors?)(?: methods?| models?| results?)?"
    r"{baselines}|(?:closest|strongest|nearest|best) (?:competitor|baseline|rival)s?"
    r"|(?:[Tt]he |[Ee]ven the )?(?:(?:best|strongest|top|leading|best-performing|top-performing|most advanced|most capable|state-of-the-art|SOTA|frontier|open-source|proprietary|closed-source)[ ,-]+)+(?:[a-z-]+ ){0,2}(?:models?|llms?|LLMs?|MLLMs?|VLMs?|systems?|methods?|agents?)"
    r"|teacher(?: (?:model|network))?(?= [a-z])|[Cc]hance|(?:[Vv]anilla|[Oo]ff-the-shelf|[Uu]nmodified) [A-Za-z-]+(?: (?:model|network|detector|encoder))?|(?:best|strongest|closest|nearest) (?:alternative|contender)s?|{people}(?:support vector machine|SVM|k-?NN|(?:Bi)?LSTM|GRU|MLP|HMM|CRF|CNN)s?(?= (?:model |classifier |network )?(?:only |still )?(?:[a-z]{2,}ed|[a-z]{2,}s|got|had|gave) )|(?:human )?[Gg]round[- ]truth (?:recordings?|speech|audio|samples)|[Hh]uman ground truth|[Hh]umans?(?![A-Za-z])(?: performance| experts?| annotators?| raters?| participants?)?|(?:legal |domain |clinical )?[Ee]xperts|random (?:guess(?:ing)?|chance|baseline|selection|choice|search|sampling|edits|deletions|insertions|perturbations|actions|polic(?:y|ies)|assignment|ranking)|chance level)"
)
OTHERS = re.compile(_OTHERS.replace("{baselines}", _BASELINES).replace("{people}", _PEOPLE))
OTHERS_PLAIN = re.compile(_OTHERS.replace("{baselines}", "").replace("{people}", ""))
"""`OTHERS` for a text in which none of `OTHERS_LED` stands."""
OTHERS_LED = (
    "baseline", "counterpart", "ologist", "clinician", "physician", "doctor", "surgeon", "annotator", "participant", "student", "worker",
)  # fmt: skip
OTHERS_WORDS = (
    *OTHERS_LED, "method", "model", "state", "sota", "best", "work", "approach", "result", "compet", "rival", "llm", "vlm", "system",
    "agent", "teacher", "chance", "vanilla", "shelf", "unmodified", "alternative", "contender", "svm", "support vector", "nn", "lstm",
    "gru", "mlp", "hmm", "crf", "ground", "human", "expert", "random",
)  # fmt: skip
"""One of these stands, in whatever case, in every match of `OTHERS`."""
# "the best model, Foo 2, solves"
APPOSED = re.compile(r", (?P<name>[A-Z][\w.-]{1,30}(?: (?:[A-Z][\w.-]{0,30}|\d[\d.]{0,4}\w?)){0,3}), ")
# "versus 94% for human experts", "24.4% with ImageNet pre-training"
OTHERS_AFTER = re.compile(
    r"\s?\)?,? ?(?:[A-Za-z-]+ ){0,2}?(?:for|by|from|of|with|using) (?:the )?(?P<name>(?:human|random|previous|prior|baseline|existing|standard|vanilla|competing|closest|professional|supervised|expert|other|traditional|conventional|[Ii]mage[Nn]et)[A-Za-z -]{0,40}?)(?=[,.;()]|$| and | on | in | at | with | when )"
)
# "outperforming its rival Foo (", "compared to standard training ("
COMPARED_WITH = re.compile(
    r"(?:than|over|outperform\w*|surpass\w*|exceed\w*|beat\w*|match\w*|(?:compared|comparable|close|relative) (?:to|with)|against|versus|vs\.?) (?:that of |those of )?(?:the |a |an |its |our |standard )?(?P<name>[A-Za-z][\w'-]*(?: (?!at\b|of\b|by\b|with\b|achiev\w*|on\b|in\b)[A-Za-z][\w'-]*){0,4})(?: (?:at|of|achieving|with))? ?\(?(?:[A-Z]{2,5} )?$"
)
# "FooNet matches human ground truth in naturalness (4.37 vs. 4.38)": whom a sentence compares with
RIVAL = re.compile(
    r"\b(?:outperform\w*|surpass\w*|exceed\w*|beat\w*|match(?:es|ed|ing)?|than|over|against|compared (?:to|with)) (?:that of |those of )?(?:the |a |an |its |our )?(?P<name>(?!all\b|both\b|other\b|by\b|up\b|each\b|time\b|training\b)[A-Za-z](?:[\w/-]*\w)?(?: (?!in\b|on\b|by\b|at\b|for\b|with\b|and\b|while\b|of\b)[A-Za-z][\w-]*){0,4})"
)
STATE = re.compile(
    r"(?:[Pp]revious |[Pp]rior )?(?:[Ss]tate[- ]of[- ]the[- ]art|SOTA|(?:previous|prior|best|earlier) (?:results?|works?|methods?))"
)
# "our consistency model": which of a paper's unnamed models
OUR_KIND = re.compile(r"\bour (?!proposed|best|final|full|new|novel|single|simple|main|own)(?P<variant>(?:[a-z]+-)?[a-z]{4,} model)\b")
