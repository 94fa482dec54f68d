"""How models, backbones and unknown datasets look in a text, and how a paper gives its method a name."""
# ruff: noqa: E501 - a pattern stays on one line, beside its id

from __future__ import annotations

import re

_PART = r"[A-Za-z0-9]+"
# "TransNeXt-Tiny", "LR^2VQ", "SeiT++", "wav2vec 2.0", "ViT-B/16", "R3D-50"
SHAPE = re.compile(
    rf"(?<![A-Za-z0-9_\\])(?=[A-Za-z][a-z^_/.@-]*[A-Z0-9])[A-Za-z](?:[A-Za-z0-9]|(?<=\d)\.(?=\d))*(?:[-_/^@.](?=[A-Za-z0-9]){_PART}(?:\.(?=\d)\d+)?)*\+*(?: [vV]\d(?:\.\d)?\b)?"
)

# "wav2vec 2.0": the release behind a name that holds a digit itself
RELEASE = re.compile(r" \d\.\d(?![\d%x])(?= [a-z(]|[,.;:])")

_BACKBONES = (
    r"(?:wide[- ]?|se[- ]?|3d[- ]|pre-?act[- ]|i)?res-?net|resnext|wrn|wide-?resnet|vgg(?:net)?|densenet|mobile-?net|shuffle-?net|squeeze-?net|efficient-?net|reg-?net\w?|"
    r"inception|xception|alex-?net|googlenet|convnext|deit|swin(?:[- ]transformer)?|vit|vision transformer|mixer|mlp-mixer|pvt|cait|beit|nfnet|r3d|i3d|c3d|s3d|"
    r"slowfast|x3d|hrnet|darknet|resnest|bert|roberta|albert|deberta|distilbert|electra|gpt|t5|bart|llama|mistral|qwen|vicuna|opt|bloom|pythia|gemma|phi|"
    r"faster[- ]r-?cnn|mask[- ]r-?cnn|cascade(?: mask)? r-?cnn|fast[- ]r-?cnn|retinanet|fcos|detr|upernet|deeplab|pspnet|fpn|u-?net|dit|sit|u-?vit|mobilevit|pointnet|poolformer|volo|xcit|levit|coat|lenet"
)
BACKBONE = re.compile(
    rf"(?<![A-Za-z0-9_-])(?i:(?:{_BACKBONES}))(?:[- ]?v?\d[\w.]*|[-/][\w.]+|-?[SBLHTGMX]{{1,2}}\b)*(?: \((?:[A-Z0-9][\w-]*)\))?(?:[-_/][\w.]+)*s?(?![A-Za-z0-9])"
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
    ]
)

_WORD = r"[A-Za-z](?:[\w+^/-]|\.(?=\w))*"
NAMED = re.compile(
    r"(?:dubbed|termed|called|named|coined|denoted(?: as)?|referred to as|refer to (?:it |this )?as|(?:we|which we) (?:name|call|term|dub)(?: it| this| our \w+)?|"
    r"abbreviated as|nicknamed|namely|codenamed)(?: (?:as|the|a|an|model|our))*,?\s*[\"'(]*\s*(?P<name>"
    + _WORD
    + r"(?: [A-Z](?:[\w+^/-]|\.(?=\w))*| [vV]\d\S*| \d(?:\.\d)?(?!\S))*)"
)
PRESENTED = re.compile(
    r"(?:[Ww]e|paper|work|report|article|study|letter)(?: \w+ly| further| also| then| first| therefore| thus| here)?(?:,? [\w' ]{0,40}?,)?"
    r" (?:propose|proposes|introduce|introduces|present|presents|develop|develops|design|designs|describes|describe|devise|release|releases|build|create|explores?|studies) "
    r"(?:(?:a|an|the|our|new|novel|simple|method|framework|model|called|and|efficient|effective|general|open) ){0,4}(?P<name>(?=[A-Z])"
    + _WORD
    + r"(?: [A-Z](?:[\w+^/-]|\.(?=\w))*| [vV]\d\S*| \d(?:\.\d)?(?!\S)){0,4})"
)
PRESENTED_ACRONYM = re.compile(
    r"(?:propos\w+|introduc\w+|present\w*|develop\w*|design\w*|devis\w+|creat\w+|describ\w+|contribut\w+)\s[^.;()]{3,160}?\((?P<name>[A-Z][\w.+^/-]{1,24})\)"
)
# "we design a family of networks, FooNet-XY, which ..."
NEW_NAME = re.compile(
    r"(?:propos|introduc|present|develop|design|build|create)\w*\s[^.;()]{3,120}?, (?P<name>[A-Z](?:[\w+^/-]|\.(?=\w)){1,24}), (?:an?|the|that|which|to|with)\b"
)

ACHIEVE = (
    r"(?:achiev\w+|attain\w*|reach\w*|obtain\w*|get|gets|yield\w*|deliver\w*|scor(?:es|ed|e|ing)|set|sets|establish\w*|outperform\w*|surpass\w*|improv\w+|exceed\w*|"
    r"gain\w*|boost\w*|reduc\w+|enjoy\w*|match\w*|beat|beats|demonstrat\w+|show\w*|has|have|had|report\w*|record\w*|hit|hits|increas\w+|rais\w+|perform\w*|produc\w+|"
    r"provid\w+|accelerat\w+|requir\w+|run|runs|consum\w+|save|saves|cut|cuts|use|uses|can|could|is|are|also|only|not|further|still|consistently|significantly|successfully|compresses)"
)
# the subject of a result, in the shadow: "TTTTTT achieves"; the name stands right before the verb
SUBJECT = re.compile(
    rf"(?P<name>[PV]+)(?P<tail>(?: [PVV]+)?(?: \([^()]{{0,20}}\))?(?: (?:models?|variants?|network|trained [a-z ]{{0,30}}|architecture|detection|framework|method|approach|base|large|small|tiny|huge|based models?))?,? (?:(?:it|which|that) )?)(?:{ACHIEVE})\b"
)

# every repetition is bounded: a text of capitals must not be tried from each of them
UNKNOWN_DATASET = re.compile(
    r"(?<![A-Za-z0-9'+_/.-])(?P<name>[A-Z][A-Za-z0-9'+]{0,40}(?:[-_/.][A-Za-z0-9]{1,40}){0,4}(?: (?:[A-Z][A-Za-z0-9'+]{0,40}(?:-[A-Za-z0-9]{1,40}){0,3}|\d{2,4}|of|in the|v\d)(?= )){0,6}(?: \d{4}| v\d)?)"
    r" (?:dataset|data-?set|benchmark|corpus|test set|challenge|leaderboard|test suite|test-dev|validation set|task \d)\b"
)
# "the DCASE 2020 Challenge Task 2"
CHALLENGE = re.compile(r"(?<![\w-])(?P<name>[A-Z][A-Za-z]{0,20}[A-Z][\w-]{0,20}(?: \d{4})? Challenge(?: Task \d)?)(?![a-z])")
DATASET_NAMED = re.compile(
    r"\b(?:dataset|benchmark|corpus)s?,? (?:called |named |, )?(?P<name>[A-Z][A-Za-z]{0,30}(?:[-_]?[A-Za-z]{0,30}\d[\w-]{0,30}|-[A-Z0-9][\w-]{0,30}))"
)
# starts of a capitalised run that are no part of a dataset's name
NOT_A_DATASET = re.compile(
    r"^(?:The|Our|This|On|In|For|These|We|Experiments|Using|Extensive|Empirical|A|An|Evaluat\w+|Results|New|Each|All|Both|Moreover|Furthermore|Additionally|State|"
    r"Experimental|And|With|To|By|Most|Several|Popular|Public|Standard|Two|Three|Four|It|Its|Their|Existing|Training|Given|Specifically|Notably|Remarkably|At|As)\b ?"
)

VARIANT_WORDS = re.compile(
    r"\b(?:our |a |the )?(?P<variant>(?:tiny|small|base|large|huge|giant|nano|lightweight|smaller|larger|smallest|largest|best-performing|big|medium|xl)"
    r"(?:[- ]sized?)? (?:variant|version|model)|\d+[- ]layers?|\d+(?:\.\d+)?[bm] (?:model|variant|version))\b"
)
SIZE_AFTER_NAME = re.compile(r"^(?: model)? (?P<variant>tiny|small|base|large|huge|giant|xl)\b(?! (?:margin|set|scale|number|batch))")
