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
    ("condition.per_class", Kind.LABEL_FRACTION, re.compile(r"\b(\d+) (?:labell?ed )?(?:examples|samples|labels|labell?ed images) per class\b(?: \(\d{1,3}(?:\.\d+)?\s?%(?: of [a-z ]{1,30})?\))?"), r"\1 per class"),
    ("condition.data_fraction", Kind.LABEL_FRACTION, re.compile(r"\b(\d{1,3}(?:\.\d+)?)\s?%(?: of)?(?: the| all| its| ImageNet| full| original)* (?:training |pre-?training )?(?:data|dataset|training set|samples|images)\b"), r"\1% data"),
    ("condition.all_labels", Kind.LABEL_FRACTION, re.compile(r"\b(?:all|the full|full)(?: of)?(?: the)?(?: available)? (?:labell?ed|annotated)(?: training)? (?:data|set|samples|examples|images)\b"), "100%"),
    ("condition.resolution", Kind.RESOLUTION, re.compile(r"([0-9](?<!\w.)[0-9]{1,3})\s{0,10}x\s{0,10}([0-9]{2,4})\b(?!\s{0,3}x)"), r"\1x\2"),
    ("condition.resolution_squared", Kind.RESOLUTION, re.compile(r"\b(\d{2,4})(?:\^\s?2|²)"), r"\1x\1"),
    ("condition.resolution_of", Kind.RESOLUTION, re.compile(r"\b(?:resolution|image size|input size|crop size)(?: of)? (\d{3,4})(?![\d.]|\s{0,10}x|\^)"), r"\1x\1"),
    ("condition.resolution_at", Kind.RESOLUTION, re.compile(r"\b(\d{3,4})(?:px| pixels?| resolution)\b"), r"\1x\1"),
    ("condition.resolution_p", Kind.RESOLUTION, re.compile(r"([0-9](?<!\w.)[0-9]{2,3}p)(?: resolution)?\b"), r"\1"),
    ("condition.pretrained_on", Kind.EXTRA_DATA, re.compile(r"\b[Pp]re-?train(?:ed|ing) (?:on|with|using) (?:the )?((?:ImageNet-2[12][Kk]|JFT-\w+|LAION-\w+|YFCC-?\w+|CC12M|CC3M|WebLI|Instagram\S*|IG-\S+|Objects365)(?: dataset)?)"), r"\1"),
    ("condition.pretrained", Kind.EXTRA_DATA, re.compile(r"\b((?:ImageNet-2[12][Kk]|JFT-\w+|LAION-\w+|YFCC-?\w+))[- ]pre-?train(?:ed|ing)"), r"\1"),
    ("condition.extra_data", Kind.EXTRA_DATA, re.compile(r"\b(?:with|using|and)(?: any)? (?:extra|additional|external)(?: training| unlabell?ed| labell?ed| private| public)? (?:data|images|samples)\b"), "extra data"),
    ("condition.no_extra_data", Kind.EXTRA_DATA, re.compile(r"\b[Ww]ithout(?: any| using| the use of)* (?:[a-z-]+ ){0,3}(?:extra|additional|external)(?: training| unlabell?ed| labell?ed| private)? (?:data|images|labels?)\b"), "none"),
    ("condition.no_pretraining", Kind.EXTRA_DATA, re.compile(r"\b[Ww]ithout (?:any |using |large-scale |imagenet )*pre-?train(?:ing|ed)(?: weights?| models?| data)?\b"), "no pre-training"),
    ("condition.pretrain_small", Kind.EXTRA_DATA, re.compile(r"\bon (CC12M|CC3M|LAION-400M|LAION-2B|LAION-5B|YFCC-?15M|YFCC-?100M)\b"), r"\1"),
    ("condition.scratch", Kind.PROTOCOL, re.compile(r"\b(?:trained |training )?from scratch\b"), "from scratch"),
    ("condition.linear", Kind.PROTOCOL, re.compile(r"\blinear(?:ly)?[- ](?:prob(?:e|ing)|evaluat\w+|classif\w+|separab\w+|protocol|readout)\b(?: protocol)?"), "linear probe"),
    ("condition.knn", Kind.PROTOCOL, re.compile(r"\b(?:[0-9]+-?NN|k-?NN)\b(?: classif\w+| evaluation)?"), "k-NN"),
    ("condition.frozen", Kind.PROTOCOL, re.compile(r"\bfrozen (?:backbone|features?|encoder|trunk|model|ViT)\b"), "frozen"),
    ("condition.finetune", Kind.PROTOCOL, re.compile(r"\b(?:with|after|by|under|via|and|end-to-end|full|COCO|further) fine-?[ -]?tun(?:e|ing|ed)\b"), "fine-tuning"),
    ("condition.finetuned", Kind.PROTOCOL, re.compile(r"\bfine-?tuned(?= [A-Z])|\bfine-?tuning(?= (?:top-\d )?accuracy)"), "fine-tuning"),
    ("condition.semi", Kind.PROTOCOL, re.compile(r"\b(?:large-scale )?semi-supervised\b(?= (?:learning )?(?:setup|setting|learning|regime|classification))"), "semi-supervised"),
    ("condition.self", Kind.PROTOCOL, re.compile(r"\b(?:unsupervised|self-supervised) (?:pre-?train(?:ed|ing)|learning|setting)\b"), "self-supervised"),
    ("condition.cold", Kind.PROTOCOL, re.compile(r"\b(?:class-conditional|class-conditioned)\b"), "class-conditional"),
    ("condition.unconditional", Kind.PROTOCOL, re.compile(r"\bunconditional\b"), "unconditional"),
    ("condition.guidance", Kind.PROTOCOL, re.compile(r"\bwithout (?:classifier-free )?guidance\b|\bwithout CFG\b|\bw/o CFG\b"), "without guidance"),
    ("condition.with_guidance", Kind.PROTOCOL, re.compile(r"\bwith (?:classifier-free guidance|CFG)\b"), "guidance"),
    ("condition.bits", Kind.PROTOCOL, re.compile(r"(\d(?<!\w.)(?:\.\d+)?)-?[ -]?bits?\b(?![\s-]?(?:per\b|/))"), r"\1-bit"),
    ("condition.wbits", Kind.PROTOCOL, re.compile(r"\b(W[0-9]+A[0-9]+|INT[0-9]|FP[0-9]{1,2}|NVFP4|MXFP4)\b"), r"\1"),
    ("condition.qat", Kind.PROTOCOL, re.compile(r"\b(?:quantization-aware training|QAT)\b"), "quantization-aware training"),
    ("condition.ptq", Kind.PROTOCOL, re.compile(r"\b(?:post-training quantization|PTQ)\b"), "post-training quantization"),
    ("condition.ipc", Kind.PROTOCOL, re.compile(r"\b(?:IPC|ipc|[Ii]mages? per class)\s?(?:=|of|is|:)?\s?(\d+)\b"), r"IPC \1"),
    ("condition.ipc_before", Kind.PROTOCOL, re.compile(r"\b(\d+) (?:IPCs?|[Ii]mages? [Pp]er [Cc]lass)\b"), r"IPC \1"),
    ("condition.masking", Kind.PROTOCOL, re.compile(r"\b(\d{1,2}(?:\.\d+)?)\s?% ((?:mask(?:ing|ed)?|pruning|keep|drop)(?= ratio| rate| patches| tokens)|mask(?:ing|ed)|sparsity|sparse)(?: ratio| rate| patches| tokens)?\b"), r"\1% \2"),
    ("condition.sparsity_of", Kind.PROTOCOL, re.compile(r"\b(sparsity|masking ratio|pruning ratio|keep ratio|noise rate|label noise)(?: of| =)? (\d{1,2}(?:\.\d+)?)\s?%"), r"\2% \1"),
    ("condition.missing", Kind.PROTOCOL, re.compile(r"\b(\d{1,2}(?:\.\d+)?)\s?% (?:of )?((?:randomly )?(?:missing|corrupted|occluded|removed|observed))(?: (?:values|entries|data|modalities|pixels|edges|nodes|labels|points))\b"), r"\1% \2"),
    ("condition.noise", Kind.PROTOCOL, re.compile(r"\b(\d{1,2})\s?% (?:symmetric |asymmetric |label )*noise\b"), r"\1% noise"),
    ("condition.attack", Kind.PROTOCOL, re.compile(r"\b(AutoAttack|PGD-?\d*|FGSM|(?:(?:strong|strongest|known|unknown|adaptive|iterative|targeted|untargeted|latest) ){0,3}(?:white|black|gr[ae]y)-box attacks?)\b"), r"\1"),
    ("condition.epsilon", Kind.PROTOCOL, re.compile(r"(?:[Ll]_?\s?\\?(?:infty|inf|∞|2)\s?[^\w]{0,3}\s?=?\s?|epsilon\s?=\s?|ε\s?=\s?)(\d+(?:\.\d+)?/255|\d\.\d+)"), r"eps \1"),
    ("condition.recipe", Kind.PROTOCOL, re.compile(r"\b(?:[Ww]ith|[Uu]sing|and|[Aa]dding) (?:the )?(?:simple |standard )?((?:CutMix|MixUp|Mixup|RandAugment|AutoAugment|distillation|knowledge distillation|data augmentation|adversarial training|test-time augmentation|self-training))\b"), r"\1"),
    ("condition.framework", Kind.PROTOCOL, re.compile(r"\b(?:with|using|under|on|in|of|when using) (?:the |a )?((?:Cascade |Faster |Fast |Mask )+R-?CNN|RetinaNet|UperNet|DINO|Mask2Former|HTC\+*|ViTDet|DeepLab\w*)\b"), r"\1"),
    ("condition.detector", Kind.PROTOCOL, re.compile(r"\b((?:Cascade |Faster |Fast |Mask )+R-?CNN|Faster-RCNN|Mask-RCNN|RetinaNet|UperNet|Mask2Former)(?= (?:framework|detector|head|decoder))"), r"\1"),
    ("condition.nfe", Kind.STEPS, re.compile(r"\b(?:[Oo]ne|[Ss]ingle)-step\b"), "1 step"),
    ("condition.steps", Kind.STEPS, re.compile(r"\b(\d{1,4})-steps?\b"), r"\1 steps"),
    ("condition.ensemble", Kind.ENSEMBLE, re.compile(r"\b(?:an? |with )?(?:model )?ensembl(?:e|ing)(?: of \d+ \w+)?\b"), "ensemble"),
    ("condition.single_model", Kind.ENSEMBLE, re.compile(r"\bsingle[- ](?:model|crop|view|scale)\b"), "single model"),
    ("condition.multi_crop", Kind.ENSEMBLE, re.compile(r"\b(?:multi|ten|10)-(?:crop|scale|view)(?: testing| evaluation| inference)?\b"), "multi-crop"),
    ("condition.tta", Kind.ENSEMBLE, re.compile(r"\btest-time augmentation\b"), "test-time augmentation"),
    ("condition.split", Kind.SPLIT, re.compile(r"\b(test-dev|minival|val2017|dev set|development set|validation set|test set|val set)\b"), r"\1"),
    ("condition.test", Kind.SPLIT, re.compile(r"\b(?:test|testing)(?= (?:accuracy|perplexity|error))"), "test set"),
    ("condition.subset", Kind.SPLIT, re.compile(r"\b(?:on|of|in) (?:the |a |its )([a-z]+(?:-[a-z]+)+ subset)\b"), r"\1"),
    ("condition.average", Kind.OTHER, re.compile(r"\b(?:on average|averaged?) (?:across|over)? ?(?:all |the )*(?:\w+ ){0,3}(?:datasets|benchmarks|tasks|settings)\b"), "average"),
    ("condition.on_average", Kind.OTHER, re.compile(r"\bon average\b|\ban average of\b|\baverage (?=improvement|gain|drop|of|accurac|score|success|reward|return|n?DCG|NDCG|F1|AUC|WER|BLEU|Dice|mAP|recall@|win|pass)"), "average"),
    ("condition.multi_labels", Kind.OTHER, re.compile(r"\b(?:with|using) (?:our )?((?:[a-z]+ )?(?:multi-labels|soft labels|pseudo[- ]labels))\b"), r"\1"),
    ("condition.same_budget", Kind.OTHER, re.compile(r"\b(?:at the |with (?:a |the )?|under (?:the )?)?(?:same|similar|comparable|equal) (?!time\b)(?:[a-z]+ )?(?:cost|budget|time|FLOPs|size|framework|complexity)s?\b"), "same budget"),
    ("condition.protocol_n", Kind.PROTOCOL, re.compile(r"\b[Pp]rotocol(?: ?#|-| )(\d|I{1,3}|IV)\b"), r"protocol \1"),
    ("condition.language_model", Kind.PROTOCOL, re.compile(r"\b(with(?: an external)?|without(?: using)?(?: a| any)?) (language model|LM)\b"), r"\1 language model"),
    ("condition.sequence", Kind.OTHER, re.compile(r"\bsequences? (?:of )?length (?:of )?(\d+[KkM]?)\b"), r"length \1"),
)  # fmt: skip

# Conditions in words that no rule names: what a short phrase beside the number says of how it came about. They read the shadow.
_STOP = r"(?:and|while|whereas|which|that|where|but|compared|outperform\w*|surpass\w*|exceed\w*|respectively|achiev\w*|obtain\w*|reach\w*|on|is|are|was|has|improv\w*|show\w*|significantly|demonstrat\w*|making|while|yield\w*|result\w*|versus|vs|indicat\w*|suggest\w*|highlight\w*|or|as|over|across|due|thus|we|it|our|their|its|from|remain\w*|maintain\w*|lead\w*|reduc\w*)"
PHRASE = re.compile(
    rf"(?<![a-z])(?P<head>with|using|by using|despite|adding|under|when|after|given|without|at|in|for|within|via|restricted to|limited to) (?:only |just |merely |the |an? |all ){{0,2}}"
    rf"(?P<words>(?!{_STOP}\b)[a-z0-9PVD][^\s,;:.()MC]*(?: (?!{_STOP}\b)[a-z0-9PVDN][^\s,;:.()MC]*|\.(?=\d)){{0,7}})(?=[\s,;:.()]|$)"
)
# phrases that are no condition: comparisons, praise, purposes
NO_PHRASE = re.compile(
    r"(?:(?:proposed|respect|regard|comparison|minimal|significant\w*|remarkabl\w*|substantial\w*|large margin|large|small|comparable|competitive|superior|similar|better|higher|lower|fewer|less|more|much|improved|great|high|low|good|"
    r"strong|state-of-the-art|negligible|little|no|many|most|several|various|first|example|instance|terms?|both|each|every|this|these|those|such|particular|general|total|average|practice|addition|contrast|order|fact|turn|case|"
    r"real-time|future|recent|existing|previous|prior|novel|new|simple|same time|cost|least|best|once|scale|different|respective|itself|us|them|you|up|d+)(?![a-z-])|[PVD]+$|[PVD]+(?: (?:model|models|method|dataset|framework|alone))?$)"
)

# What stands in every match of a pattern, one of several words where it has branches: looking for all of these at once is much
# faster than trying sixty patterns on every sentence.
NEEDS: dict[str, tuple[str, ...]] = {
    "condition.zero_shot": ("shot",),
    "condition.one_shot": ("ne-shot",),
    "condition.k_shot": ("shot",),
    "condition.few_shot": ("shot",),
    "condition.labels": ("label", "annotat", "supervision"),
    "condition.per_class": ("per class",),
    "condition.data_fraction": tuple(
        f"% {word}" for word in ("of", "the", "all", "its", "ImageNet", "full", "original", "training", "pre", "data", "samples", "images")
    ),
    "condition.all_labels": ("labeled ", "labelled ", "annotated "),
    "condition.resolution": (" x", *(f"{digit}x" for digit in range(10))),
    "condition.resolution_squared": ("^", "²"),
    "condition.resolution_of": ("resolution", "image size", "input size", "crop size"),
    "condition.resolution_at": ("px", "pixel", "resolution"),
    "condition.resolution_p": tuple(f"{digit}p" for digit in range(10)),
    "condition.pretrained_on": ("ImageNet-2", "JFT-", "LAION-", "YFCC", "CC12M", "CC3M", "WebLI", "Instagram", "IG-", "Objects365"),
    "condition.pretrained": ("ImageNet-2", "JFT-", "LAION-", "YFCC"),
    "condition.extra_data": ("extra", "additional", "external"),
    "condition.no_extra_data": ("extra", "additional", "external"),
    "condition.no_pretraining": ("ithout ",),
    "condition.pretrain_small": ("on CC", "on LAION", "on YFCC"),
    "condition.scratch": ("from scratch",),
    "condition.linear": ("linear",),
    "condition.knn": ("-NN", "kNN", *(f"{digit}NN" for digit in range(10))),
    "condition.frozen": ("frozen ",),
    "condition.finetune": ("tun",),
    "condition.finetuned": ("tun",),
    "condition.semi": ("semi-supervised",),
    "condition.self": ("supervised",),
    "condition.cold": ("class-condition",),
    "condition.unconditional": ("unconditional",),
    "condition.guidance": ("guidance", "CFG"),
    "condition.with_guidance": ("guidance", "CFG"),
    "condition.bits": ("bit",),
    "condition.wbits": tuple(f"{letters}{digit}" for letters in ("INT", "FP", "W") for digit in range(10)),
    "condition.qat": ("quantization-aware", "QAT"),
    "condition.ptq": ("post-training", "PTQ"),
    "condition.ipc": ("IPC", "ipc", "per class"),
    "condition.ipc_before": ("IPC", "er class", "er Class"),
    "condition.masking": ("% mask", "% prun", "% keep", "% drop", "% spars"),
    "condition.sparsity_of": ("sparsity", "masking ratio", "pruning ratio", "keep ratio", "noise rate", "label noise"),
    "condition.missing": ("missing", "corrupted", "occluded", "removed", "observed"),
    "condition.noise": ("% symmetric", "% asymmetric", "% label", "% noise"),
    "condition.attack": ("ttack", "PGD", "FGSM"),
    "condition.epsilon": (
        "∞",
        "epsilon",
        "ε",
        *(
            f"{letter}{low}{blank}{sign}{norm}"
            for letter in "Ll"
            for low in ("", "_")
            for blank in ("", " ")
            for sign in ("", "\\")
            for norm in ("2", "inf")
        ),
    ),
    "condition.recipe": ("CutMix", "MixUp", "Mixup", "Augment", "distillation", "augmentation", "adversarial", "self-training"),
    "condition.framework": ("R-CNN", "RCNN", "RetinaNet", "UperNet", "DINO", "Mask2Former", "HTC", "ViTDet", "DeepLab"),
    "condition.detector": ("R-CNN", "RCNN", "RetinaNet", "UperNet", "Mask2Former"),
    "condition.nfe": ("-step",),
    "condition.steps": ("-step",),
    "condition.ensemble": ("ensembl",),
    "condition.single_model": tuple(f"single{gap}{word}" for gap in "- " for word in ("model", "crop", "view", "scale")),
    "condition.multi_crop": tuple(f"{count}-{word}" for count in ("multi", "ten", "10") for word in ("crop", "scale", "view")),
    "condition.tta": ("test-time",),
    "condition.split": ("test-dev", "minival", "val2017", "dev set", "development set", "validation set", "test set", "val set"),
    "condition.test": ("test",),
    "condition.subset": (" subset",),
    "condition.average": ("average",),
    "condition.on_average": ("average",),
    "condition.multi_labels": ("multi-labels", "soft labels", "pseudo-labels", "pseudo labels"),
    "condition.same_budget": ("same ", "similar ", "comparable ", "equal "),
    "condition.protocol_n": ("rotocol",),
    "condition.language_model": (" language model", " LM"),
    "condition.sequence": ("length",),
}
