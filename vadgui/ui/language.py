"""The language of the window: that of the program's own texts and of Qt's, such as the buttons of its dialogs."""

from __future__ import annotations

from PySide6.QtCore import QLibraryInfo, QLocale, QTranslator
from PySide6.QtWidgets import QApplication

from engine.common.language import SOURCE_LANGUAGE, known_language, language_in_use, use_language


def install_language(app: QApplication, chosen: str) -> str:
    """Use the language of a code, or for "system" the first of the person's that there is; returns its code."""
    code = known_language(QLocale.system().uiLanguages()) if chosen == "system" else known_language([chosen])
    use_language(code)
    if code != SOURCE_LANGUAGE:
        translator = QTranslator(app)
        if translator.load(f"qtbase_{code}", QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)):
            app.installTranslator(translator)
    return code


def dates_locale() -> QLocale:
    """How dates are written: as the person's system does, where it speaks the program's language."""
    system, code = QLocale.system(), language_in_use()
    return system if QLocale.languageToCode(system.language()) == code else QLocale(code)
