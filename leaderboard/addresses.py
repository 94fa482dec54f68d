"""Addresses as others see them: absolute, at the site's own address, whatever name a request came by."""

from __future__ import annotations

from urllib.parse import quote, urlencode, urlsplit

from django.conf import settings
from django.utils.encoding import iri_to_uri
from django.utils.http import url_has_allowed_host_and_scheme

from claims.models import Paper


def absolute(path: str) -> str:
    """Return the whole address of a path of this site."""
    return f"{settings.SITE_URL}{iri_to_uri(path)}"


def local_address(stated: str, *, default: str = "/") -> str:
    """Return an address that a form came with, if it is one of this site's pages; else the default."""
    ours = url_has_allowed_host_and_scheme(stated, allowed_hosts=None) and stated.startswith("/")
    return stated if ours else default


def is_web_address(url: str) -> bool:
    """Say whether a stored address may be linked to: a listing may state any text as one."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.netloc)


def arxiv_address(paper: Paper) -> str:
    """Return a paper's address at arXiv, '' for a paper without an id."""
    return f"https://arxiv.org/abs/{quote(paper.arxiv_id, safe='/.')}" if paper.arxiv_id else ""


def paper_address(paper: Paper) -> str:
    """Return where a paper can be read: the stated address, else arXiv's, '' if neither is known."""
    return paper.url if is_web_address(paper.url) else arxiv_address(paper)


def search_address(paper: Paper) -> str:
    """Return a search for a paper by its title, for one whose address nobody stated."""
    words = " ".join(paper.title.replace('"', " ").split())[:300]
    return "https://scholar.google.com/scholar?" + urlencode({"q": f'"{words}"'})
