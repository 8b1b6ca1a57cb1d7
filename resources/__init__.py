"""What the program brings along: detectors, the demo clip, style sheets and icons, found wherever it is installed."""
