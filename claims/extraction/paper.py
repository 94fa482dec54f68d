"""A paper as it is read: its two texts, and what is recognised in them when it is first asked for."""

from __future__ import annotations

from claims.extraction.own_names import OwnNames, find_own_names
from claims.extraction.owners import OwnerFinder
from claims.extraction.pages import Page
from claims.extraction.scene import Scene, read_scene
from claims.extraction.spotting import Spotted
from claims.extraction.vocabulary import Vocabulary
from claims.terms import TextField


class Paper:
    """A title and an abstract. Names are looked for when something depends on them: many a paper's numbers say themselves what they are."""

    def __init__(self, title: str, abstract: str, vocabulary: Vocabulary) -> None:
        self.vocabulary = vocabulary
        self.pages = {TextField.TITLE: Page(title), TextField.ABSTRACT: Page(abstract)}
        self._spotted: dict[TextField, Spotted] = {}
        self._scenes: dict[TextField, Scene] = {}
        self._own: OwnNames | None = None
        self._finder: OwnerFinder | None = None

    def _spot(self, text_field: TextField) -> Spotted:
        spotted = self._spotted.get(text_field)
        if spotted is None:
            page = self.pages[text_field]
            spotted = self._spotted[text_field] = self.vocabulary.spot(page.text, page.lower)
        return spotted

    @property
    def own(self) -> OwnNames:
        """Return what the paper calls its own."""
        if self._own is None:
            title, abstract = self.pages[TextField.TITLE].text, self.pages[TextField.ABSTRACT].text
            spotted = self._spot(TextField.TITLE), self._spot(TextField.ABSTRACT)
            self._own = find_own_names(title, abstract, spotted, self.vocabulary)
        return self._own

    @property
    def finder(self) -> OwnerFinder:
        """Return what says whose a number is."""
        if self._finder is None:
            self._finder = OwnerFinder(self.own.models, self.pages[TextField.TITLE].text, evaluates=self.own.is_evaluation)
        return self._finder

    @property
    def home(self) -> str:
        """Return the dataset that the paper itself is about, '' for a paper of methods."""
        return self.own.datasets[0] if self.own.datasets and not self.own.models else ""

    def scene(self, text_field: TextField) -> Scene:
        """Return what is recognised in one of the texts."""
        scene = self._scenes.get(text_field)
        if scene is None:
            is_title = text_field is TextField.TITLE
            scene = self._scenes[text_field] = read_scene(
                self.pages[text_field], self._spot(text_field), self.vocabulary, self.own, is_title=is_title
            )
        return scene
