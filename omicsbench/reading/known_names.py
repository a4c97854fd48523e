"""Names that are known in the field as annotations of cells, not measurements."""

from __future__ import annotations

import re
from collections.abc import Sequence

from omicsbench.reading.identifiers import is_identifier
from omicsbench.reading.names import SYMBOLS, identifies
from omicsbench.reading.schemes import Scheme

COORDINATE = "a coordinate"
_PARTS = r"mito\w*|mt|ribo\w*|rb|rp[ls]?|hb|hemo\w*|ercc|intron\w*|exon\w*|dropout\w*|top_?\d+\w*"
# Of names in lower case with _ for all separators; no gene is called so.
_SURE = {
    "a cluster number": r"(leiden|louvain|phenograph|kmeans|flowsom|graphclust|seurat_clusters?"
    r"|metacells?|communit(y|ies))(_?\w+)?|(sub_?)?clust(er)?s?(_?(id|no|nr|label|number|\d+))?"
    r"|\w+_clusters?(_?id)?|\w+_(snn_)?res_?\d+(_\d+)?|idents?|membership|partition",
    "a QC number": rf"(percent|pct|perc|fraction|frac|proportion)_\w+|(percent|pct|p)?(mt|mito)"
    rf"|({_PARTS})_?(percent|pct|perc|fraction|frac|ratio|proportion)|(subsets|altexps)_\w+"
    r"|(log1p_|log10_|log_)?n_?(counts?|umis?|genes?|features?|reads?|cells|molecules)(_\w+)?"
    r"|(log1p_|log10_|log_)?total_(counts?|umis?|reads?|features?|genes?)(_\w+)?|\w+_counts"
    r"|lib(rary)?_?size\w*|size_?factors?|sum_?factors?|log10_?genes_?per_?umi|initial_size\w*"
    r"|(sequencing|read)_depth|(mapping|duplication|alignment)_rate|mapped_reads|detected"
    r"|genes_detected|detected_genes|totals?|sum|counts|n_fragment\w*|tss_enrichment"
    r"|nucleosome_signal|frip|rin(_score)?|rqn|dv200|n_ambiguous|unassigned_\w+|(n_)?unmapped"
    r"|(n_)?multi_?mapping|(n_)?no_features?|ambiguous|too_low_a_?qual|not_aligned"
    r"|alignment_not_unique",  # rows that counting programs add below the genes
    "a doublet score": r"(predicted_)?doublets?(_\w+)?|is_doublet|scrublet_\w+|pann_\w+"
    r"|sc_?dbl_?finder_\w+|df_classifications\w*",
    "a score": r"(s|g2m|g1|m)_score|cc_difference|cell_?cycle(_\w+)?|\w+_scores?\d*|velocity_\w+"
    r"|module_?score\w*",
    "a cell type": r"cell_?types?(_\w+)?|cell_ontology\w*|cell_?states?|pred(icted)?_\w+"
    r"|\w+_(labels?|codes?)",
    "a time": r"\w*pseudotime|latent_time|time_?points?|time_to_\w+|\w+_dates?|(date|year)_of_\w+"
    r"|(days|months|years)_(to|since|from|of)_\w+|follow_?up\w*"
    r"|(os|pfs|dfs|rfs|survival)_(time|event|status|months|days|years)",
    COORDINATE: r"(x_)?\w*(umap|t_?sne)_?\d+|(x_)?(pca?|ica|lsi|mds|nmf|dc|phate|scvi|harmony"
    r"|latent|diffmap|component|draw_graph_\w+)_\d+|(x|y|z)_?(coord\w*|pos\w*|centroid|loc\w*|um"
    r"|pixels?|px)|(centroid|pos|global|local|spatial|coord)_?[xyz\d]"
    r"|(array|image|pxl)_?(row|col)\w*|in_tissue|(cell|nucleus)_area",
    "an age": r"age_?(in_?)?(years?|yrs?|months?|days?|weeks?|at_\w+|group|bin)"
    r"|(donor|patient|subject|sample|maternal|gestational)_age",
    "a clinical value": r"(bmi|height|weight)_\w+|(tumou?r_)?purity|tumou?r_(size|grade|stage)",
    "a group": r"(tissue|sample|disease|tumou?r|treatment|subject)_(type|state|group|status|class)",
    "an annotation": r"(obs|meta|metadata|pheno|clinical)_\w+|is_\w+|has_\w+",
    "a batch": r"(batch|plate|lane|run|library|donor|site|cohort|replicate)_?(id|no|nr|code|number)"
    r"|(seq|sequencing|processing)_(batch|run)|batch_?\d+|(plate|well|chip)_(row|col(umn)?)",
}
_WORDS = {
    "an age": "age",
    "a sex code": "sex gender male female",
    "a batch": "batch plate lane run flowcell library site center centre cohort dataset replicate "
    "channel platform chemistry slide well",
    "a group": "group condition treatment treated arm class classes label labels target outcome "
    "response responder status disease diagnosis control phenotype genotype strain tissue organ "
    "stage grade subtype lineage annotation event death",
    "a time": "time day days week month year hour hours date dose passage",
    "a clinical value": "bmi height weight smoker smoking race ethnicity ancestry",
    "a score": "score phase",
    "a QC number": "reads umis umi depth",
}
_OF_WHOM = re.compile(r"^(donor|patient|subject|sample|host|participant)_")
_CODED = re.compile(r"_(num|numeric|bin|binary|int|coded|enc|encoded|level|value|\d{1,2})$")
_OF_A_WORM = re.compile(r"[a-z]{3}-\d+(\.\d+)?")  # age-1 and ica-69 are genes
_SYMBOL = re.compile(
    r"[A-Z][A-Z0-9]*([-.][A-Z0-9]+)*|[A-Z][a-z]+\d\w*|ERCC-\d+|mt-\w+|\w+-mi[Rr]-\S+"
)
_SURE_FORMS = {what: re.compile(form) for what, form in _SURE.items()}
_ANY = re.compile("|".join(f"({form})" for form in _SURE.values()))
MANY = 200_000  # names, of which only those are looked at that are unlike the rest
_WORD_OF = {word: what for what, words in _WORDS.items() for word in words.split()}


def known_annotations(names: Sequence[str]) -> tuple[dict[str, str], dict[str, str]]:
    """Which names are known as annotations, and as what: surely, and such that genes may bear.

    A run of PC1, PC2, ... and a pair of x and y are coordinates.
    """
    if len(names) > MANY:
        scheme = Scheme.of(names)
        names = [name for name in names if not scheme.fits(name)]
    sure: dict[str, str] = {}
    maybe: dict[str, str] = {}
    for name in names:
        key = _key(name)
        what = _known(name, key)
        if what == "an identifier" and "_" not in key:
            maybe[name] = what
        elif what is not None:
            sure[name] = what
        elif (word := _word(key)) and not _OF_A_WORM.fullmatch(name):
            maybe[name] = word
    components = [name for name in names if re.fullmatch(r"(PC|pc|Dim|dim)[_ .-]?\d+", name)]
    pairs = [name for name in names if name in ("x", "y", "z", "X", "Y", "Z")]
    for found in (components, pairs):
        if len(found) > 1:
            sure |= dict.fromkeys(found, COORDINATE)
    return sure, maybe


def _known(name: str, key: str) -> str | None:
    """What a name is known as that no gene bears, such as "a cluster number"; None if nothing."""
    if not (is_known := _ANY.fullmatch(key) is not None) and not is_identifier(name):
        return None
    if name in SYMBOLS or _OF_A_WORM.fullmatch(name) or identifies(name, "feature"):
        return None
    if not is_known:
        return "an identifier"
    return next(what for what, form in _SURE_FORMS.items() if form.fullmatch(key))


def is_word(name: str) -> bool:
    """Whether a name is that of an annotation, be it that a gene may have it as well."""
    key = _key(name)
    return _word(key) is not None or _known(name, key) is not None


def _word(key: str) -> str | None:
    """What a word is known as, of whomever it is said and however it is coded: donor_sex_num."""
    return _WORD_OF.get(_CODED.sub("", _OF_WHOM.sub("", key)))


def is_of_feature(name: str) -> bool:
    """Whether a name by itself is that of a feature: an identifier, a symbol, a spike-in."""
    known = name.upper() in SYMBOLS or identifies(name, "feature")
    return known or bool(_SYMBOL.fullmatch(name))


def _key(name: str) -> str:
    """In lower case, with _ for separators: S.Score, percent.mt and nCount_RNA alike."""
    plain = re.sub(r"\s*[(\[][^)\]]*[)\]]$", "", name.strip())  # Age (years)
    apart = re.sub(r"(?<=[a-z])(?=[A-Z][a-z])", "_", plain)  # nCount, cellType
    return re.sub(r"[\W_]+", "_", apart).strip("_").lower()
