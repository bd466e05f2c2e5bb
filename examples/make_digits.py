"""Make digits.csv: the 1,797 handwritten digits that scikit-learn ships, and what clustering algorithms see in them.

One row a digit: the true digit, then k-means for 5 to 15 clusters, agglomerative clustering, spectral clustering and
DBSCAN (whose label -1 is noise). Run it with scikit-learn and pandas installed: `python examples/make_digits.py`.
"""

from pathlib import Path

import pandas as pd
from sklearn.cluster import DBSCAN, AgglomerativeClustering, KMeans, SpectralClustering
from sklearn.datasets import load_digits
from sklearn.manifold import TSNE


def main() -> None:
    """Cluster the digits and write the labels beside this script."""
    images, digit = load_digits(return_X_y=True)
    columns = {"digit": digit}
    for k in range(5, 16):
        columns[f"kmeans_{k}"] = KMeans(k, n_init=10, random_state=0).fit_predict(images)
    for linkage in ("ward", "average"):
        columns[f"{linkage}_10"] = AgglomerativeClustering(10, linkage=linkage).fit_predict(images)
    columns["spectral_10"] = SpectralClustering(10, affinity="nearest_neighbors", random_state=0).fit_predict(images)
    embedded = TSNE(random_state=0).fit_transform(images)
    columns["dbscan"] = DBSCAN(eps=3.0, min_samples=10).fit_predict(embedded)
    pd.DataFrame(columns).to_csv(Path(__file__).with_name("digits.csv"), index=False)


if __name__ == "__main__":
    main()
