"""`python -m vadgui` runs the command `vadgui`."""

import sys

from vadgui.app import main

if __name__ == "__main__":
    sys.exit(main())
