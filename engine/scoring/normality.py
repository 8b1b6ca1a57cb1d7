"""Normality and anomaly scores of one video, derived from its PSNR (Eq. 11 and 12)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Scores = npt.NDArray[np.floating]


def normality_score(psnr_db: Scores) -> Scores:
    """Eq. 11: PSNR [N] of one video rescaled to [0, 1] over the frames that were analysed; NaN stays NaN.

    Frame 0 has no transition and takes frame 1's score, as in the paper. Where all PSNRs are equal nothing stands
    out, and every frame is normal (1).
    """
    analysed = ~np.isnan(psnr_db)
    scores = np.full(psnr_db.shape, np.nan, psnr_db.dtype)
    if analysed.any():
        known = psnr_db[analysed]
        lowest, highest = known.min(), known.max()
        scores[analysed] = (known - lowest) / (highest - lowest) if highest > lowest else 1.0
    if len(scores) > 1 and not analysed[0]:
        scores[0] = scores[1]
    return scores


def anomaly_score(psnr_db: Scores) -> Scores:
    """Eq. 12: one minus the normality score, [N] in [0, 1], higher being more anomalous."""
    return 1.0 - normality_score(psnr_db)
