"""How the names of datasets look that no file lists, and in what places a name is a dataset's."""
# ruff: noqa: E501 - a pattern stays on one line, beside its id

from __future__ import annotations

import re

from claims.extraction.openings import Opened, Run

# every repetition is bounded: a text of capitals must not be tried from each of them; a pattern that begins with a capital and
# looks back from there is tried at capitals only
_WORD = r"[A-Z][A-Za-z0-9'+]{0,40}(?:-[A-Za-z0-9]{1,40}){0,3}|\d{2,4}|of|in|the|v\d"
WITH_NOUN = Run(
    re.compile(
        r"(?P<name>[A-Z](?<![A-Za-z0-9'+_/.-].)[A-Za-z0-9'+]{0,40}(?:[-_/.][A-Za-z0-9]{1,40}){0,4}(?: (?:[A-Z][A-Za-z0-9'+]{0,40}(?:-[A-Za-z0-9]{1,40}){0,3}|\d{2,4}|of|in the|v\d)(?= )){0,6}(?: \d{4}| v\d)?)"
        r" (?:dataset|data-?set|benchmark|corpus|test set|challenge|leaderboard|test suite|test-dev|validation set|task \d)\b"
    ),
    (
        " dataset",
        " data-set",
        " benchmark",
        " corpus",
        " test set",
        " challenge",
        " leaderboard",
        " test suite",
        " test-dev",
        " validation set",
        " task ",
    ),
    beginning=r"[A-Z](?<![A-Za-z0-9'+_/.-].)",
    word=_WORD,
    most=15,
)
# "the DCASE 2020 Challenge Task 2"
CHALLENGE = Run(
    re.compile(r"(?P<name>[A-Z](?<![\w-].)[A-Za-z]{0,20}[A-Z][\w-]{0,20}(?: \d{4})? Challenge(?: Task \d)?)(?![a-z])"),
    (" Challenge",),
    beginning=r"[A-Z](?<![\w-].)",
    word=r"\d{4}",
    most=1,
)
AFTER_NOUN = Opened(
    re.compile(
        r"(?:dataset(?<!\w.{7})|benchmark(?<!\w.{9})|corpus(?<!\w.{6}))s?(?:,? (?:called|named))? (?P<name>[A-Z][A-Za-z]{0,30}(?:[-_]?[A-Za-z]{0,30}\d[\w-]{0,30}|-[A-Z0-9][\w-]{0,30}))"
    ),
    ("dataset", "benchmark", "corpus"),
    behind=" ",
)
# starts of a capitalised run that are no part of a dataset's name
NOT_A_DATASET = re.compile(
    r"^(?:The|Our|This|On|In|For|These|We|Experiments|Using|Extensive|Empirical|A|An|Evaluat\w+|Results|New|Each|All|Both|Moreover|Furthermore|Additionally|State|"
    r"Experimental|And|With|To|By|Most|Several|Popular|Public|Standard|Two|Three|Four|It|Its|Their|Existing|Training|Given|Specifically|Notably|Remarkably|At|As)\b ?"
)

# a name, and a run of words of which each could be part of one: "MIT Indoor67", "SAT Math", "20 Newsgroups"
_NAME = r"(?:[A-Z]|\d{1,4}[A-Z])(?:[\w.'/+-]{0,40}[\w+])?"
RUN = rf"{_NAME}(?: (?:{_NAME}|\d{{1,4}}(?!\d|\.\d|\s?%)|v\d)){{0,5}}"
_AND = r"(?:, and |, | and | & |/)"
_FILLER = r"(?:(?:both|all|the|our|a|an|two|three|public|publicly available|challenging|popular|widely[- ]used|standard|large-scale|real-world|new|well-known|common|English) ){0,4}"
LISTED = re.compile(rf"(?: ?\([^()]{{1,24}}\))?{_AND}(?:the |on |on the )?(?P<name>{RUN})")
"""The next name of a list."""
# ", FooNet reaches 81%", "and FooNet a perplexity of 18": what follows the list of datasets is the model
SUBJECT = re.compile(
    r"(?:(?<=, )\S{2,40}(?: \([^()]{1,20}\))? (?:(?:also|only|still|further|even|consistently|significantly) )?(?:achiev|attain|reach|obtain|get|yield|deliver|scor|outperform|surpass|improv|exceed|gain|boost|reduc|has|have|had|is|makes?|finds?|needs?|runs?|loses?|keeps?|cuts?|brings?|uses?|lowers?|raises?|beats?|shows?|performs?|produc|requires?|resolv|solv|answer|complet|succeed|fails?|draws?|preserv|retain|runs?|generat)\w*\b|\S{2,40} an? [a-z])"
)
ON = Opened(
    re.compile(rf"(?<![A-Za-z])(?:[Oo]n|[Aa]cross) {_FILLER}(?P<name>{RUN})(?![\w/+]|[.'-]\w)(?! (?:size|search space)\b)"),
    ("on ", "On ", "across ", "Across "),
    behind=" 0123456789",
)
"""Where a capitalised name is what something was measured on."""
# "benchmarks (A, B, C)", "datasets such as A and B", "three datasets: A, B"
AFTER_NOUN_LIST = Opened(
    re.compile(
        rf"(?:datasets?|data sets|benchmarks?|corpora|corpus|test sets?|test suites|environments|tasks)(?:,? (?:such as|including|like|namely|i\.e\.,?|e\.g\.,?)(?: the)? | ?[(:] ?(?:i\.e\.,? |e\.g\.,? |namely |including )?(?:the )?|, )(?P<name>{RUN})(?=,|\)|\.|;| and )"
    ),
    ("dataset", "data sets", "benchmark", "corpora", "corpus", "test set", "test suites", "environments", "tasks"),
)
# "the A, B and C datasets"
BEFORE_NOUN = Run(
    re.compile(r" (?:(?:[a-z-]+ ){0,2})(?:datasets|benchmarks|corpora|test sets|leaderboards)\b"),
    (" datasets", " benchmarks", " corpora", " test sets", " leaderboards"),
    beginning=" ",
    word=r"[a-z-]+",
    most=2,
)
LIST_END = re.compile(rf"(?P<list>(?:{RUN}{_AND}(?:the )?){{0,7}}{RUN})$")
# names that say themselves what they are: "ProcessBench", "SciTailQA", "SWE-bench"
SUFFIXED = Opened(
    re.compile(
        r"(?:Bench|bench|BENCH|Eval|QA|NLI|MNIST)(?<=[A-Za-z0-9-]{5})(?<!^VQA)(?:[-+_][A-Za-z0-9]{1,20}){0,2}\+?(?: v\d(?:\.\d)?)?(?![A-Za-z0-9])(?! (?:size|search|style|level|scale)\b)"
    ),
    ("Bench", "bench", "BENCH", "Eval", "QA", "NLI", "MNIST"),
)
WORD_BEFORE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.+-]{0,40}$")
# the word before "on" that says that nothing is measured there: "based on X", "built on X", "runs on X"
NO_MEASURE_BEFORE = re.compile(
    r"\(?(?:based|build|builds|built|building|rel(?:y|ies|ied|ying)|depend\w*|focus\w*|runs?|running|ran|deploy\w*|implement\w*|bas(?:es|ing)|draw\w*|hinges?|expand\w*|conditioned|top|operat\w+|execut\w+|hosted|mounted|installed|work|works|light|effects?|impact|influence|survey|perspectives?|applied|imposed|insights?|reflects?|centered|centred|attention|information|click|go|goes|going|discuss\w*|talk\w*|acting|act|acts|knowledge|research|papers?|literature|simulated|carried|take|takes|taking)"
)
# capitalised words that are no dataset: places, languages, companies, devices, machines
NEVER = re.compile(
    r"^(?:\d+[KMBk]$|(?:the )?(?:United|New York|GPUs?|CPUs?|TPUs?|FPGAs?|NPUs?|ASICs?|MCUs?|SoCs?|ARM|Arm|Intel|AMD|NVIDIA|Nvidia|Apple|Google|Android|iOS|Windows|Linux|Qualcomm|Snapdragon|Raspberry|Jetson|Xilinx|Cortex|RTX|GTX|Tesla|Titan|"
    r"Wi-Fi|Bluetooth|Twitter|Facebook|Reddit|YouTube|Instagram|TikTok|GitHub|Github|HuggingFace|Hugging|Kaggle|Zenodo|Figshare|OpenAI|Meta|Amazon|AWS|Azure|Wikipedia|Wikidata|Internet|Web|World|Earth|Mars|"
    r"English|Chinese|Mandarin|Cantonese|Japanese|Korean|German|French|Spanish|Italian|Portuguese|Russian|Arabic|Hindi|Urdu|Bengali|Tamil|Turkish|Vietnamese|Thai|Indonesian|Persian|Farsi|Hebrew|Greek|Latin|Dutch|Swedish|"
    r"Danish|Norwegian|Finnish|Polish|Czech|Hungarian|Romanian|Ukrainian|African|Indian|American|European|Asian|Western|US|USA|UK|EU|China|India|Europe|Africa|America|Japan|Germany|France|Brazil|"
    r"January|February|March|April|May|June|July|August|September|October|November|December|Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday|"
    r"LLMs?|VLMs?|MLLMs?|CNNs?|RNNs?|GNNs?|GANs?|DNNs?|ViTs?|Transformers?|NLP|CV|AI|ML|RL|Large|Deep|Machine|Artificial|Neural|Natural|Computer|Bayesian|Gaussian|Markov|Euclidean|Riemannian|Lie|Hilbert|Fourier|"
    r"Python|PyTorch|TensorFlow|Java|JavaScript|Rust|CUDA|ROS|Gazebo|Unity|Claude|Gemini|ChatGPT|GPT|DeepSeek|FLUX|Stable Diffusion|SDXL|Whisper|HuBERT|LLaVA|InternVL|Grok|Kimi|Copilot|V100s?|A100s?|H100s?|MI300X|average|Average|I|II|III|We|Our|It|In|This|That|These|Those|The|Code|However|Moreover|Furthermore|Table|Figure|Section|Appendix)\b)"
)
# what these words end is a method, a machine or a thought
NO_DATASET_ENDS = re.compile(
    r"(?:Networks?|Models?|Transformers?|Algorithms?|Methods?|Learning|Frameworks?|Machines?|Process(?:es)?|Units?|Functions?|Theory|Theorem|Principles?|Autoencoders?|Systems?|Architectures?|Platforms?|Robots?|Devices?|Modules?|Embeddings?|Regression|Attention|Optimi[sz]ation|Processors?|Phones?|Engine)$|^[A-Z]{2,}s$"
)
TRAILING = re.compile(r"(?: (?:Dataset|Benchmark|Corpus|Challenge|dataset|benchmark))+$")
# "Terminal-Bench 2": the release of a set whose name ends in a letter, and no score of it
RELEASE = re.compile(
    r" [2-9](?<=[A-Za-z] .)(?=[,;)]|\.(?!\d)|$| (?:with|from|is|are|was|rises?|falls?|improves?|drops?|increases?|decreases?|shows?|remains?|for|by|test|and(?! \d))\b)"
)
# what hangs on a known name and makes no other of it: "ImageNet-pretrained", "COCO-style"
HUNG_ON = re.compile(
    r"-(?P<suffix>(?!(?:pre|fine|self|in|out|of|and|to|like|based|only|style|level|scale|scaled|sized?|wide|type|sourced|derived|specific|quality|aware|agnostic|related|val|test|train|dev|minival|trained|shot|way|class|classes|"
    r"image|images|text|style|format|data|zero|few|supervised|unsupervised|evaluation|eval|validation|large|small|full|subset|scores?|accuracy|pretrain\w*|initiali\w+|finetun\w+|standard|compliant|compatible|trained|weights?|derived|equivalent)(?![A-Za-z0-9]))[A-Za-z0-9]+\+?)(?![A-Za-z0-9])"
)
# what a paper says of its own dataset: (before the name, behind it)
_OF_METHOD = r"(?! (?:classification|generation|pruning|distillation|condensation|compression|reinforcement|augmentation|results?|performance|tasks))"
_KIND = r"(?:dataset|data set|benchmark|corpus|test suite|testbed|test-bed|leaderboard|challenge set|evaluation suite)"
OWN_KINDS = (
    "dataset",
    "data set",
    "benchmark",
    "corpus",
    "test suite",
    "testbed",
    "test-bed",
    "leaderboard",
    "challenge set",
    "evaluation suite",
    "collection of",
    "suite of",
)
"""In lower case: one of these stands in every match of `OWN_BEHIND`, and one but the last two in every match of `OWN_BEFORE`."""
OWN_BEHIND = re.compile(
    rf"(?:[\"')\]]|\s?\([^()]{{1,80}}\))*(?:: (?:[\w-]+ ){{0,6}}{_KIND}s?\b| {_KIND}s?\b(?! (?:and|on) )|(?:,|:|;| -| –| is| are|, which is)? (?:an?|the|our|one of the) (?:[\w/-]+,? (?!for\b|on\b|with\b|to\b|that\b|in\b|and the\b)){{0,9}}?(?:{_KIND}|collection of|suite of)s?\b)"
    rf"{_OF_METHOD}",
    re.IGNORECASE,
)
SAYS_IT = re.compile(r"(?:Bench|Benchmark|Dataset|Corpus|Arena)(?:[- ]?\w{1,6})?$|(?<=[a-z])(?:QA|NLI)$")
"""A name that says itself that it is a dataset's."""
OWN_BEFORE = re.compile(
    rf"(?:introduc|present|propos|releas|creat|construct|curat|collect|build|built|develop|contribut|provid|assembl|establish)\w*[^.;]{{0,90}}? {_KIND}s?\b{_OF_METHOD}(?: \([^()]{{1,40}}\))?(?:,? (?:which (?:we|is) )?(?:[^.;,()]{{0,50}}? )?(?:called|named|dubbed|termed|coined|namely)|,|:| –| \()? ?[\"'(]?$"
)
