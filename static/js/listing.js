// Says so while a listing's progress can't be fetched. The page asks again by itself.
(function () {
  "use strict";

  document.addEventListener("htmx:afterRequest", function (event) {
    var asked = event.detail.requestConfig && event.detail.requestConfig.elt;
    if (!asked || asked.id !== "receipt") return; // the search asks, too
    var place = document.getElementById("unanswered"), status = event.detail.xhr ? event.detail.xhr.status : 0;
    var lost = !event.detail.successful && (status === 0 || status >= 500);
    if (!place || lost === place.hasChildNodes()) return;
    if (lost) place.append(document.getElementById("unanswered-note").content.cloneNode(true));
    else place.replaceChildren();
  });
})();
