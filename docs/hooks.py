"""Pages of the site that live elsewhere in the repository, where people look for them."""

from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

PAGES = {
    "config/README.md": "config.md",
    "CONTRIBUTING.md": "contributing.md",
    "src/chromapal/models/head/README.md": "model.md",
}


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add those pages to the files of the site."""
    root = Path(config.config_file_path).parent
    for path, page in PAGES.items():
        files.append(File.generated(config, page, abs_src_path=str(root / path)))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Turn links between files of the repository into links between pages of the site."""
    for path, target in PAGES.items():
        markdown = markdown.replace(f"](../{path}", f"]({target}").replace(
            f"]({path}", f"]({target}"
        )
    return markdown.replace("](docs/", "](") if page.file.src_uri in PAGES.values() else markdown
