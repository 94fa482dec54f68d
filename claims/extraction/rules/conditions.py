"""The conditions of a setting: phrases with their kind and comparable value. What is a cost is no condition."""
# ruff: noqa: E501 - a pattern stays on one line, beside its id

from __future__ import annotations

import re

from claims.terms import ConditionKind as Kind

# (id, kind, pattern, value; "\\1" stands for the group). Patterns read the normalised text, case as printed.
CONDITIONS: tuple[tuple[str, Kind, re.Pattern[str], str], ...] = (
    ("condition.zero_shot", Kind.SHOTS, re.compile(r"\b[Zz]ero-?[ -]?shot\b"), "0"),
    ("condition.one_shot", Kind.SHOTS, re.compile(r"\b[Oo]ne-shot\b(?! (?:pruning|nas|neural|search|model|supernet))"), "1"),
    ("condition.k_shot", Kind.SHOTS, re.compile(r"\b(\d{1,3})-?[ -]?shots?\b"), r"\1"),
    ("condition.few_shot", Kind.SHOTS, re.compile(r"\b[Ff]ew-?[ -]?shot\b"), "few"),
    ("condition.labels", Kind.LABEL_FRACTION, re.compile(r"\b(\d{1,3}(?:\.\d+)?)\s?%(?: of)?(?: the| all| its| ImageNet| available| training| labell?ed)* (?:label(?:s|led|ed)?|annotations?|annotated|supervision)(?: (?:data|samples|examples|images))?\b"), r"\1%"),
    ("condition.labels_paren", Kind.LABEL_FRACTION, re.compile(r"\b\d+ (?:labell?ed )?(?:examples|images|samples|labels) per class \((\d{1,3}(?:\.\d+)?)\s?%\)"), r"\1%"),
    ("condition.per_class", Kind.LABEL_FRACTION, re.compile(r"\b(\d+) (?:labell?ed )?(?:examples|samples|labels|labell?ed images) per class\b"), r"\1 per class"),
    ("condition.data_fraction", Kind.LABEL_FRACTION, re.compile(r"\b(\d{1,3}(?:\.\d+)?)\s?%(?: of)?(?: the| all| its| ImageNet| full| original)* (?:training |pre-?training )?(?:data|dataset|training set|samples|images)\b"), r"\1% data"),
    ("condition.all_labels", Kind.LABEL_FRACTION, re.compile(r"\ball (?:the )?labell?ed data\b"), "100%"),
    ("condition.resolution", Kind.RESOLUTION, re.compile(r"\b(\d{2,4})\s{0,10}x\s{0,10}(\d{2,4})\b(?!\s{0,3}x)"), r"\1x\2"),
    ("condition.resolution_squared", Kind.RESOLUTION, re.compile(r"\b(\d{2,4})(?:\^\s?2|²)"), r"\1x\1"),
    ("condition.resolution_of", Kind.RESOLUTION, re.compile(r"\b(?:resolution|image size|input size|crop size)(?: of)? (\d{3,4})(?![\d.]|\s{0,10}x|\^)"), r"\1x\1"),
    ("condition.resolution_at", Kind.RESOLUTION, re.compile(r"\b(\d{3,4})(?:px| pixels?| resolution)\b"), r"\1x\1"),
    ("condition.resolution_p", Kind.RESOLUTION, re.compile(r"\b(\d{3,4}p)(?: resolution)?\b"), r"\1"),
    ("condition.pretrained_on", Kind.EXTRA_DATA, re.compile(r"\b[Pp]re-?train(?:ed|ing) (?:on|with|using) (?:the )?((?:ImageNet-2[12][Kk]|JFT-\w+|LAION-\w+|YFCC-?\w+|CC12M|CC3M|WebLI|Instagram\S*|IG-\S+|Objects365)(?: dataset)?)"), r"\1"),
    ("condition.pretrained", Kind.EXTRA_DATA, re.compile(r"\b((?:ImageNet-2[12][Kk]|JFT-\w+|LAION-\w+|YFCC-?\w+))[- ]pre-?train(?:ed|ing)"), r"\1"),
    ("condition.extra_data", Kind.EXTRA_DATA, re.compile(r"\b(?:with|using|and)(?: any)? (?:extra|additional|external)(?: training| unlabell?ed| labell?ed| private| public)? (?:data|images|samples)\b"), "extra data"),
    ("condition.no_extra_data", Kind.EXTRA_DATA, re.compile(r"\bwithout(?: any| using| using any| the use of)*(?: in-house)? (?:adversarial training or )?(?:extra|additional|external)(?: training| unlabell?ed| labell?ed| private)? (?:data|images|labels?)\b"), "none"),
    ("condition.no_pretraining", Kind.EXTRA_DATA, re.compile(r"\bwithout (?:any |using |large-scale |imagenet )*pre-?train(?:ing|ed)(?: weights?| models?| data)?\b"), "no pre-training"),
    ("condition.pretrain_small", Kind.EXTRA_DATA, re.compile(r"\bon (CC12M|CC3M|LAION-400M|LAION-2B|LAION-5B|YFCC-?15M|YFCC-?100M)\b"), r"\1"),
    ("condition.scratch", Kind.PROTOCOL, re.compile(r"\b(?:trained |training )?from scratch\b"), "from scratch"),
    ("condition.linear", Kind.PROTOCOL, re.compile(r"\blinear(?:ly)?[- ](?:prob(?:e|ing)|evaluat\w+|classif\w+|separab\w+|protocol|readout)\b(?: protocol)?"), "linear probe"),
    ("condition.knn", Kind.PROTOCOL, re.compile(r"\b(?:\d+-?NN|k-?NN)\b(?: classif\w+| evaluation)?"), "k-NN"),
    ("condition.frozen", Kind.PROTOCOL, re.compile(r"\bfrozen (?:backbone|features?|encoder|trunk|model|ViT)\b"), "frozen"),
    ("condition.finetune", Kind.PROTOCOL, re.compile(r"\b(?:with|after|by|under|via|and|end-to-end|full|COCO|further) fine-?[ -]?tun(?:e|ing|ed)\b"), "fine-tuning"),
    ("condition.semi", Kind.PROTOCOL, re.compile(r"\b(?:large-scale )?semi-supervised\b(?= (?:learning )?(?:setup|setting|learning|regime|classification))"), "semi-supervised"),
    ("condition.self", Kind.PROTOCOL, re.compile(r"\b(?:unsupervised|self-supervised) (?:pre-?train(?:ed|ing)|learning|setting)\b"), "self-supervised"),
    ("condition.cold", Kind.PROTOCOL, re.compile(r"\b(?:class-conditional|class-conditioned)\b"), "class-conditional"),
    ("condition.unconditional", Kind.PROTOCOL, re.compile(r"\bunconditional\b"), "unconditional"),
    ("condition.guidance", Kind.PROTOCOL, re.compile(r"\bwithout (?:classifier-free )?guidance\b|\bwithout CFG\b|\bw/o CFG\b"), "without guidance"),
    ("condition.with_guidance", Kind.PROTOCOL, re.compile(r"\bwith (?:classifier-free guidance|CFG)\b"), "guidance"),
    ("condition.bits", Kind.PROTOCOL, re.compile(r"\b(\d(?:\.\d+)?)-?[ -]?bits?\b(?!\s?(?:per\b|/))"), r"\1-bit"),
    ("condition.wbits", Kind.PROTOCOL, re.compile(r"\b(W\d+A\d+|INT\d|FP\d{1,2}|NVFP4|MXFP4)\b"), r"\1"),
    ("condition.qat", Kind.PROTOCOL, re.compile(r"\b(?:quantization-aware training|QAT)\b"), "quantization-aware training"),
    ("condition.ptq", Kind.PROTOCOL, re.compile(r"\b(?:post-training quantization|PTQ)\b"), "post-training quantization"),
    ("condition.ipc", Kind.PROTOCOL, re.compile(r"\b(?:IPC|ipc|[Ii]mages? per class)\s?(?:=|of|is|:)?\s?(\d+)\b"), r"IPC \1"),
    ("condition.ipc_before", Kind.PROTOCOL, re.compile(r"\b(\d+) (?:IPCs?|[Ii]mages? [Pp]er [Cc]lass)\b"), r"IPC \1"),
    ("condition.masking", Kind.PROTOCOL, re.compile(r"\b(\d{1,2}(?:\.\d+)?)\s?% ((?:mask(?:ing|ed)?|pruning|keep|drop)(?= ratio| rate| patches| tokens)|mask(?:ing|ed)|sparsity|sparse)(?: ratio| rate| patches| tokens)?\b"), r"\1% \2"),
    ("condition.sparsity_of", Kind.PROTOCOL, re.compile(r"\b(sparsity|masking ratio|pruning ratio|keep ratio|noise rate|label noise)(?: of| =)? (\d{1,2}(?:\.\d+)?)\s?%"), r"\2% \1"),
    ("condition.noise", Kind.PROTOCOL, re.compile(r"\b(\d{1,2})\s?% (?:symmetric |asymmetric |label )*noise\b"), r"\1% noise"),
    ("condition.attack", Kind.PROTOCOL, re.compile(r"\b(AutoAttack|PGD-?\d*|FGSM|white-box attacks?|black-box attacks?|strongest known white-box attack)\b"), r"\1"),
    ("condition.epsilon", Kind.PROTOCOL, re.compile(r"(?:[Ll]_?\s?\\?(?:infty|inf|∞|2)\s?[^\w]{0,3}\s?=?\s?|epsilon\s?=\s?|ε\s?=\s?)(\d+(?:\.\d+)?/255|\d\.\d+)"), r"eps \1"),
    ("condition.recipe", Kind.PROTOCOL, re.compile(r"\b(?:with|using|and) (?:the )?((?:CutMix|MixUp|Mixup|RandAugment|AutoAugment|distillation|knowledge distillation|data augmentation|simple adversarial training|adversarial training|test-time augmentation|self-training)(?: regularization)?)\b"), r"\1"),
    ("condition.framework", Kind.PROTOCOL, re.compile(r"\b(?:with|using|under|on|in|of|when using) (?:the |a )?((?:Cascade |Faster |Fast |Mask )+R-?CNN|RetinaNet|UperNet|DINO|Mask2Former|HTC\+*|ViTDet|DeepLab\w*)\b"), r"\1"),
    ("condition.detector", Kind.PROTOCOL, re.compile(r"\b((?:Cascade |Faster |Fast |Mask )+R-?CNN|Faster-RCNN|Mask-RCNN|RetinaNet|UperNet|Mask2Former)(?= (?:framework|detector|head|decoder))"), r"\1"),
    ("condition.nfe", Kind.STEPS, re.compile(r"\b(?:[Oo]ne|[Ss]ingle)-step\b"), "1 step"),
    ("condition.steps", Kind.STEPS, re.compile(r"\b(\d{1,4})-steps?\b"), r"\1 steps"),
    ("condition.ensemble", Kind.ENSEMBLE, re.compile(r"\b(?:an? |with )?(?:model )?ensembl(?:e|ing)(?: of \d+ \w+)?\b"), "ensemble"),
    ("condition.single_model", Kind.ENSEMBLE, re.compile(r"\bsingle[- ](?:model|crop|view|scale)\b"), "single model"),
    ("condition.multi_crop", Kind.ENSEMBLE, re.compile(r"\b(?:multi|ten|10)-(?:crop|scale|view)(?: testing| evaluation| inference)?\b"), "multi-crop"),
    ("condition.tta", Kind.ENSEMBLE, re.compile(r"\btest-time augmentation\b"), "test-time augmentation"),
    ("condition.split", Kind.SPLIT, re.compile(r"\b(test-dev|minival|val2017|dev set|development set|validation set|test set|val set)\b"), r"\1"),
    ("condition.test", Kind.SPLIT, re.compile(r"\b(?:a |the )?(?:test|testing) (?=accuracy|perplexity|error)"), "test set"),
    ("condition.multi_label", Kind.SPLIT, re.compile(r"\bmulti-label subset\b"), "multi-label subset"),
    ("condition.average", Kind.OTHER, re.compile(r"\b(?:on average|averaged?) (?:across|over)? ?(?:all |the )*(?:\w+ ){0,3}(?:datasets|benchmarks|tasks|settings)\b"), "average"),
    ("condition.on_average", Kind.OTHER, re.compile(r"\bon average\b|\ban average of\b|\baverage (?=improvement|gain|drop|of)"), "average"),
    ("condition.multi_labels", Kind.OTHER, re.compile(r"\b(?:with|using) (?:our )?(localized multi-labels|soft labels|pseudo[- ]labels)\b"), r"\1"),
    ("condition.same_budget", Kind.OTHER, re.compile(r"\b(?:at the |with (?:a |the )?|under (?:the )?)?(?:same|similar|comparable|equal) (?:computational |compute |training |inference |parameter |generator )?(?:cost|budget|compute time|time|FLOPs|size|framework|complexity)s?\b"), "same budget"),
    ("condition.protocol_n", Kind.PROTOCOL, re.compile(r"\b[Pp]rotocol (\d)\b"), r"protocol \1"),
    ("condition.language_model", Kind.PROTOCOL, re.compile(r"\b(with(?: an external)?|without(?: using)?(?: a| any)?) (language model|LM)\b"), r"\1 language model"),
    ("condition.sequence", Kind.OTHER, re.compile(r"\bsequences? (?:of )?length (?:of )?(\d+[KkM]?)\b"), r"length \1"),
)  # fmt: skip

# a quick look whether any of them can stand in a sentence
HINT = re.compile(
    r"shot|label|class|%|\dx| x |\^|²|resolution|size|px|pixel|\dp\b|pre-?train|data|scratch|linear|NN|frozen|tun|supervised|condition|guidance|CFG|bit|W\dA|INT|FP\d|QAT|PTQ|"
    r"quantiz|IPC|mask|spars|prun|attack|Attack|PGD|FGSM|eps|ε|infty|Cut|Mix|Aug|distill|train|CNN|Net|step|ensembl|single|crop|scale|test|val|dev|averag|same|similar|comparable|rotocol|language|LM|sequence|equal"
)
